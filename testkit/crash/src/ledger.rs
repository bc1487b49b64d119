//! What was asked for and what was acknowledged, written down outside the server, a line of JSON each.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

/// The client's log. A line is written before the next step is taken, so it never lacks what a writer knows.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    began: Instant,
    file: Mutex<BufWriter<File>>,
}

impl Ledger {
    /// # Panics
    /// When the file can not be made.
    pub fn new(path: PathBuf) -> Self {
        let file = File::create(&path).unwrap_or_else(|error| panic!("no {}: {error}", path.display()));
        Self { path, began: Instant::now(), file: Mutex::new(BufWriter::new(file)) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Before it is sent for the first time.
    pub fn asked(&self, series: &str, number: u64, text: &str, refuse: bool, job: bool) {
        self.line(&json!({
            "op": "asked", "series": series, "number": number, "text": text, "refuse": refuse, "job": job
        }));
    }

    /// The server said that it is done.
    pub fn acked(&self, series: &str, number: u64, id: &str, replayed: bool) {
        self.line(
            &json!({"op": "acked", "series": series, "number": number, "id": id, "replayed": replayed}),
        );
    }

    /// The server said that it was refused.
    pub fn refused(&self, series: &str, number: u64) {
        self.line(&json!({"op": "refused", "series": series, "number": number}));
    }

    /// A reader was told of an event.
    pub fn told(&self, reader: &str, event: &str, subject: &str) {
        self.line(&json!({"op": "told", "reader": reader, "event": event, "subject": subject}));
    }

    /// The outside world was told something by a job.
    pub fn delivered(&self, delivery: &str, trial: &str) {
        let at = self.millis();
        self.line(&json!({"op": "delivered", "delivery": delivery, "trial": trial, "at": at}));
    }

    /// A server was killed.
    pub fn killed(&self) {
        let at = self.millis();
        self.line(&json!({"op": "killed", "at": at}));
    }

    pub(crate) fn flush(&self) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.flush().expect("the log can be written");
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn line(&self, line: &Value) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{line}").expect("the log can be written");
    }
}
