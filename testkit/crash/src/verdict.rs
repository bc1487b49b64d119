//! Asking the verifier.

use std::ffi::OsStr;
use std::fmt;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::binary::root;
use crate::ledger::Ledger;
use crate::place::Place;

/// What the verifier found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Each a sentence; none when all is as was acknowledged.
    pub violations: Vec<String>,
    /// What it counted.
    pub counts: Value,
}

impl Verdict {
    /// # Panics
    /// When there is a violation.
    pub fn expect_clean(&self) {
        assert!(self.violations.is_empty(), "{self}");
    }

    /// Whether one of the violations says this.
    pub fn says(&self, what: &str) -> bool {
        self.violations.iter().any(|one| one.contains(what))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} violations; {}", self.violations.len(), self.counts)?;
        self.violations.iter().take(20).try_for_each(|one| writeln!(f, "  {one}"))
    }
}

/// Has the database held against the ledger by `verify.py`. No server may run on it.
///
/// # Panics
/// When the verifier itself fails.
pub fn verify(place: &Place, ledger: &Ledger) -> Verdict {
    ledger.flush();
    let said = ask(place, ledger.path().as_os_str());
    let violations = said["violations"].as_array().expect("the verifier tells violations");
    Verdict {
        violations: violations.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        counts: said["counts"].clone(),
    }
}

/// How many jobs wait or run, and for how long the oldest attempt has been running. A server may run meanwhile.
pub(crate) fn jobs_left(place: &Place) -> (u64, Duration) {
    let said = ask(place, OsStr::new("--left"));
    let number = |name: &str| said[name].as_u64().expect("the verifier tells a number");
    (number("left"), Duration::from_millis(number("held_ms")))
}

fn ask(place: &Place, what: &OsStr) -> Value {
    let verifier = root().join("testkit/crash/verify.py");
    let ran = Command::new("python3").arg(verifier).arg(place.database()).arg(what).output();
    let ran = ran.expect("python3 starts");
    let said = serde_json::from_slice(&ran.stdout);
    said.unwrap_or_else(|_| panic!("the verifier failed: {}", String::from_utf8_lossy(&ran.stderr)))
}

/// Asks a PostgreSQL as somebody beside the server: the first column of the first row.
///
/// # Panics
/// When it does not answer.
pub fn psql(url: &str, sql: &str) -> String {
    let said = Command::new("psql").args(["-XAtq", "-d", url, "-c", sql]).output().expect("psql starts");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}
