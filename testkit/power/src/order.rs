//! The order of calls, looked at directly: no acknowledgement leaves before its sync came back.

use std::collections::HashMap;

use crate::act::Act;
use crate::load::MARK;
use crate::record::{Record, Step};

/// An answer that says it is done, as it went out.
#[derive(Clone, Debug)]
pub struct Ack {
    /// The description that was reported, different each time.
    pub description: String,
    pub id: String,
    /// The step at which it may have left.
    pub at: usize,
}

/// All of them, and the step at which the setup was acknowledged.
pub fn acks(record: &Record) -> (Vec<Ack>, Option<usize>) {
    let (mut reports, mut set_up) = (Vec::new(), None);
    for (at, step) in record.steps.iter().enumerate() {
        let Step::Began(call) = *step else { continue };
        let Act::Send { data } = &record.calls[call].act else { continue };
        if !data.starts_with(b"HTTP/1.1 201") {
            continue;
        }
        let text = String::from_utf8_lossy(data);
        if let (Some(description), Some(id)) = (member(&text, "description"), member(&text, "id")) {
            reports.push(Ack { description, id, at });
        } else if member(&text, "person_id").is_some() {
            set_up = Some(at);
        }
    }
    (reports, set_up)
}

fn member(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// Acknowledgements that left before what they acknowledge had been written and synced.
pub fn early(record: &Record) -> Vec<Ack> {
    let mut safe: HashMap<Vec<u8>, usize> = HashMap::new();
    // Written since the last sync of the file, by file; and what a sync that is under way covers.
    let mut written: HashMap<&std::path::Path, Vec<Vec<u8>>> = HashMap::new();
    let mut covered: HashMap<usize, Vec<Vec<u8>>> = HashMap::new();
    for (at, step) in record.steps.iter().enumerate() {
        match *step {
            Step::Ended(call) if record.calls[call].failed() => {}
            Step::Ended(call) => match &record.calls[call].act {
                Act::Write { path, data, .. } => {
                    written.entry(path).or_default().extend(marks(data));
                }
                Act::Sync { .. } => {
                    for mark in covered.remove(&call).into_iter().flatten() {
                        safe.entry(mark).or_insert(at);
                    }
                }
                _ => {}
            },
            Step::Began(call) => {
                if let Act::Sync { path } = &record.calls[call].act {
                    covered.insert(call, written.remove(path.as_path()).unwrap_or_default());
                }
            }
        }
    }
    let (acks, _) = acks(record);
    let is_safe = |ack: &Ack| safe.get(ack.description.as_bytes()).is_some_and(|safe| *safe < ack.at);
    acks.into_iter().filter(|ack| !is_safe(ack)).collect()
}

/// The descriptions in what was written.
fn marks(data: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let length = MARK.len() + 16;
    let ends = data.len().saturating_sub(length - 1);
    let starts = (0..ends).filter(|at| data[*at] == MARK[0] && data[*at..].starts_with(MARK));
    starts.map(move |at| data[at..at + length].to_vec())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::record::text;

    #[test]
    fn an_acknowledgement_before_its_sync_is_seen() {
        let mark = "pw-0123456789abcdef";
        let file = text(b"/r/mainstay.db-wal");
        let write = format!("7 pwrite64(3<{file}>, \"{}\", 19, 0) = 19", text(mark.as_bytes()));
        let sync = format!("7 fdatasync(3<{file}>) = 0");
        let failed = format!("7 fdatasync(3<{file}>) = -1 EIO (Input/output error) (INJECTED)");
        let answer = format!("HTTP/1.1 201 Created\r\n\r\n{{\"id\":\"ste_1\",\"description\":\"{mark}\"}}");
        let send = format!(
            "8 sendto(5<{}>, \"{}\", 1, 0, NULL, 0) = 1",
            text(b"socket:[1]"),
            text(answer.as_bytes())
        );
        let early = |lines: &[&String]| {
            let mut record = Record::default();
            record.add(lines.iter().map(|line| (*line).clone()), Path::new("/r"));
            assert_eq!(acks(&record).0.len(), 1);
            early(&record).len()
        };
        assert_eq!(early(&[&write, &sync, &send]), 0);
        assert_eq!(early(&[&write, &send, &sync]), 1);
        assert_eq!(early(&[&sync, &write, &send]), 1);
        assert_eq!(early(&[&write, &failed, &sync, &send]), 1, "a sync after one that failed covers nothing");
    }
}
