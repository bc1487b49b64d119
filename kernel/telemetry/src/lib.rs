//! What the house says about itself: log lines, metrics, and the ids that tie them to a request.
//!
//! Owns their form, what is hidden in them, and where they go. Refuses to know who says what, and to start threads:
//! the part of the log that writes is handed back for `tasks` to run.

pub mod logs;
pub mod metrics;
pub mod traceparent;

pub use logs::redact::Redacted;
