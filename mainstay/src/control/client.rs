//! The side of the command.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use types::Kind;

use super::{LONGEST, address};
use crate::orders::Order;

/// What came of asking.
pub(crate) enum Reached {
    /// No server runs on this folder.
    Nobody,
    Done(Value),
    Refused {
        code: String,
        message: String,
        kind: Kind,
        why: Vec<String>,
    },
}

/// Kinds by the names they have on the socket.
pub(super) const KINDS: [(&str, Kind); 9] = [
    ("malformed", Kind::Malformed),
    ("invalid", Kind::Invalid),
    ("conflict", Kind::Conflict),
    ("not_found", Kind::NotFound),
    ("forbidden", Kind::Forbidden),
    ("unavailable", Kind::Unavailable),
    ("timeout", Kind::Timeout),
    ("no_space", Kind::NoSpace),
    ("internal", Kind::Internal),
];

/// Sends the order to the server that holds `folder`, if one does.
pub(crate) fn ask(folder: &Path, order: &Order) -> std::io::Result<Reached> {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    let (path, _folder) = match address(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == NotFound => return Ok(Reached::Nobody),
        Err(error) => return Err(error),
    };
    let mut stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        // A socket without a server was left behind by one that was killed.
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => return Ok(Reached::Nobody),
        Err(error) => return Err(error),
    };
    stream.set_read_timeout(Some(Duration::from_secs(40)))?;
    let mut line = serde_json::to_string(order)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut answer)?;
    let answer: Value = serde_json::from_str(&answer)
        .map_err(|_| std::io::Error::other("the running server closed the connection without an answer"))?;
    if let Some(done) = answer.get("ok") {
        return Ok(Reached::Done(done.clone()));
    }
    let text = |name: &str| answer["error"][name].as_str().unwrap_or_default().to_owned();
    let kind = text("kind");
    let kind = KINDS.iter().find(|(name, _)| *name == kind).map_or(Kind::Internal, |(_, kind)| *kind);
    let why = answer["error"]["why"].as_array().into_iter().flatten();
    let why = why.filter_map(|line| line.as_str().map(str::to_owned)).collect();
    Ok(Reached::Refused { code: text("code"), message: text("message"), kind, why })
}
