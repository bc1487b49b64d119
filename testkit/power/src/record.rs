//! strace's record, read back: which calls were made, and in which order they began and ended.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use crate::act::{self, Act};

/// A call that concerns the data folder or a socket.
#[derive(Debug)]
pub struct Call {
    pub act: Act,
    /// What it came back with; `None` when the process did not live to see it, which for a sync counts as a failure.
    pub result: Option<i64>,
}

impl Call {
    pub fn failed(&self) -> bool {
        self.result.is_some_and(|result| result < 0)
    }
}

/// A moment of the record. The number is the call's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Began(usize),
    Ended(usize),
}

/// What happened below one folder, and what was sent.
#[derive(Debug, Default)]
pub struct Record {
    pub calls: Vec<Call>,
    pub steps: Vec<Step>,
}

impl Record {
    /// Reads a record of what was done below `root`.
    ///
    /// # Panics
    /// When it can not be read, or holds something that the model of the disk does not know.
    pub fn read(file: &Path, root: &Path) -> Self {
        let lines = BufReader::new(File::open(file).expect("the record is there")).split(b'\n');
        let mut record = Self::default();
        record.add(
            lines.map(|line| String::from_utf8(line.expect("it can be read")).expect("it is ASCII")),
            root,
        );
        record
    }

    /// Lines of strace with `-f -y -xx`.
    pub fn add(&mut self, lines: impl Iterator<Item = String>, root: &Path) {
        let mut reader = Reader { root, open: HashMap::new(), positions: HashMap::new() };
        for line in lines {
            reader.line(self, &line);
        }
    }

    /// How far the steps have to be followed for this call to have ended.
    pub fn end_of(&self, call: usize) -> usize {
        let found = self.steps.iter().position(|step| *step == Step::Ended(call));
        found.map_or(self.steps.len(), |at| at + 1)
    }
}

struct Reader<'a> {
    root: &'a Path,
    /// What a thread is in the middle of: the words so far, and the call, if it counts.
    open: HashMap<String, (String, Option<usize>)>,
    /// Where `write` goes on, by descriptor.
    positions: HashMap<u64, u64>,
}

impl Reader<'_> {
    fn line(&mut self, record: &mut Record, line: &str) {
        let Some((pid, rest)) = line.split_once(' ') else { return };
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            return;
        }
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some((begun, call)) = self.open.remove(pid) else { return };
            let (_, more) = resumed.split_once(" resumed>").expect("strace says what is resumed");
            self.end(record, &format!("{begun}{more}"), call);
        } else if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            let call = self.begin(record, begun);
            self.open.insert(pid.to_owned(), (begun.to_owned(), call));
        } else {
            let call = self.begin(record, rest);
            self.end(record, rest, call);
        }
    }

    fn begin(&mut self, record: &mut Record, words: &str) -> Option<usize> {
        let act = act::read(words, self.root, &mut self.positions)?;
        record.calls.push(Call { act, result: None });
        record.steps.push(Step::Began(record.calls.len() - 1));
        Some(record.calls.len() - 1)
    }

    fn end(&mut self, record: &mut Record, words: &str, call: Option<usize>) {
        let said = words.rsplit_once(" = ");
        let first = said.and_then(|(_, said)| said.split([' ', '<']).next());
        let result = match first.map(str::parse::<i64>) {
            Some(Ok(result)) => result,
            // A process that was killed in the middle of a sync never hears that it failed: the worst is taken for true.
            _ if call.is_some_and(|call| matches!(record.calls[call].act, Act::Sync { .. })) => -1,
            _ => return,
        };
        if words.starts_with("openat(") && result >= 0 {
            self.positions.insert(result.unsigned_abs(), 0);
        }
        if let Some(call) = call {
            record.calls[call].result = Some(result);
            record.steps.push(Step::Ended(call));
        }
    }
}

/// Text as strace writes it with `-xx`: for lines that a test makes up.
pub fn text(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\x{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::Step::{Began, Ended};
    use super::*;

    fn read(lines: &[String]) -> Record {
        let mut record = Record::default();
        record.add(lines.iter().cloned(), Path::new("/r"));
        record
    }

    #[test]
    fn calls_that_overlap_are_told_apart() {
        let (file, other) = (text(b"/r/data/a"), text(b"/elsewhere"));
        let record = read(&[
            format!("7 pwrite64(3<{file}>, \"{}\", 2, 512 <unfinished ...>", text(b"hi")),
            format!("8 fsync(3<{file}>) = -1 EIO (Input/output error) (INJECTED)"),
            format!("9 fsync(4<{other}>) = 0"),
            "7 <... pwrite64 resumed>)  = 2".to_owned(),
            format!("8 fdatasync(3<{file}>) = ?"),
            "8 +++ killed by SIGKILL +++".to_owned(),
        ]);
        assert_eq!(record.steps, [Began(0), Began(1), Ended(1), Ended(0), Began(2), Ended(2)]);
        let results: Vec<_> = record.calls.iter().map(|call| call.result).collect();
        assert_eq!(results, [Some(2), Some(-1), Some(-1)]);
        assert!(matches!(&record.calls[0].act, Act::Write { at: 512, data, .. } if data == b"hi"));
    }

    #[test]
    fn a_write_without_a_place_goes_on_where_the_last_one_ended() {
        let file = text(b"/r/data/a");
        let write =
            |what: &[u8]| format!("7 write(3<{file}>, \"{}\", {n}) = {n}", text(what), n = what.len());
        let open = format!("7 openat(AT_FDCWD</>, \"{file}\", O_WRONLY|O_CREAT, 0600) = 3<{file}>");
        let record = read(&[open.clone(), write(b"abc"), write(b"d"), open, write(b"e")]);
        let places: Vec<u64> = record
            .calls
            .iter()
            .filter_map(|call| match call.act {
                Act::Write { at, .. } => Some(at),
                _ => None,
            })
            .collect();
        assert_eq!(places, [0, 3, 0]);
    }
}
