//! Mail: what it says, to whom, and that it arrives.
//!
//! Owns addresses, templates, messages, and handing them to the mail server by jobs. Refuses to know why something is
//! written to somebody: systems bring their own templates.

mod address;
mod compose;
pub mod faults;
mod jobs;
mod mailer;
mod message;
mod outbox;
mod sealed;
mod smtp;
mod template;

use telemetry::metrics::{Meaning, counter};

pub use address::Address;
pub use jobs::{SEND, registered};
pub use mailer::{Handed, Mailer};
pub use message::Message;
pub use outbox::Shown;
pub use sealed::Sealed;
pub use smtp::not_configured;
pub use template::{TEST, Template};

pub const METRICS: &[Meaning] = &[
    counter("mainstay_mail_sent_total", "Mails that the mail server took."),
    counter("mainstay_mail_failed_total", "Attempts to hand over a mail that failed, by code."),
];
