//! In development, where mail goes that has no server: the last ones are kept in memory and shown at `/dev/mail`.

use std::collections::VecDeque;

use parking_lot::Mutex;
use types::Time;

use crate::message::Message;

const KEPT: usize = 50;

/// A mail that would have been sent.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Counts on while the process lives.
    pub number: u64,
    pub at: Time,
    pub to: String,
    pub subject: String,
    /// As they would have been sent.
    pub headers: String,
    pub text: String,
    pub html: String,
}

#[derive(Default)]
pub(crate) struct Outbox(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    all: VecDeque<Shown>,
}

impl Outbox {
    pub(crate) fn put(&self, at: Time, message: &Message, composed: &lettre::Message) {
        let bytes = composed.formatted();
        let whole = String::from_utf8_lossy(&bytes);
        let mut kept = self.0.lock();
        kept.last += 1;
        let shown = Shown {
            number: kept.last,
            at,
            to: message.to.to_string(),
            subject: message.subject.clone(),
            headers: whole.split("\r\n\r\n").next().unwrap_or_default().to_owned(),
            text: message.text.clone(),
            html: message.html.clone(),
        };
        kept.all.push_front(shown);
        kept.all.truncate(KEPT);
    }

    /// The newest first.
    pub(crate) fn all(&self) -> Vec<Shown> {
        self.0.lock().all.iter().cloned().collect()
    }
}
