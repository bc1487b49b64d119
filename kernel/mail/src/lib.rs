//! Mail: what it says, to whom, and that it arrives.
//!
//! Owns addresses, templates, messages, and handing them to the mail server by jobs. Refuses to know why something is
//! written to somebody: systems bring their own templates.

mod address;
mod compose;
mod jobs;
mod mailer;
mod message;
mod outbox;
mod smtp;
mod template;

use db::Tx;
use queue::{JobId, NewJob};
use telemetry::metrics::{Meaning, counter};
use types::{Installation, Result, Scope};

pub use address::Address;
pub use jobs::{SEND, registered};
pub use mailer::{Handed, Mailer};
pub use message::Message;
pub use outbox::Shown;
pub use template::{TEST, Template};

pub const METRICS: &[Meaning] = &[
    counter("mainstay_mail_sent_total", "Mails that the mail server took."),
    counter("mainstay_mail_failed_total", "Attempts to hand over a mail that failed, by code."),
];

/// Asks for the delivery, in the transaction of the change that wants it: rolled back, nothing is sent.
pub async fn send(tx: &mut Tx, scope: &Scope, message: &Message) -> Result<JobId> {
    queue::enqueue(tx, scope, job(message)?).await
}

/// The same for what is written in the name of no workspace.
pub async fn send_installation(tx: &mut Tx, by: &Installation, message: &Message) -> Result<JobId> {
    queue::enqueue_installation(tx, by, job(message)?).await
}

fn job(message: &Message) -> Result<NewJob> {
    Ok(NewJob::new(&SEND, message)?.quiet())
}
