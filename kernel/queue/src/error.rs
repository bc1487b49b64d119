//! What a job can say about its failure, and what it is told.

use types::{Error, Kind};

use crate::store::lines;

/// The cause of an error after which there is no point in trying again.
#[derive(Debug, thiserror::Error)]
#[error("not again: {0}")]
struct NotAgain(String);

/// The same failure, and the job is not tried again, whatever attempts are left.
#[must_use]
pub fn not_again(error: Error) -> Error {
    let cause = NotAgain(error.detail());
    Error::new(error.kind(), error.code(), error.message().to_owned()).because(cause)
}

/// The next attempt would leave as much.
pub(crate) fn result_too_large() -> Error {
    let message = "The result of the job is larger than 64 KiB.";
    not_again(Error::new(Kind::TooLarge, "job_result_too_large", message))
}

pub(crate) fn says_not_again(error: &Error) -> bool {
    error.cause::<NotAgain>().is_some()
}

/// Somebody else holds the job by now, or it has ended: nothing that this attempt does counts any more.
pub fn job_taken_back() -> Error {
    Error::new(Kind::Conflict, "job_taken_back", "The job was taken back: this attempt no longer holds it.")
}

/// What is kept of a failure: what anybody who sees the job may read. The cause is for the log only. Whatever the message
/// holds, it can be kept: otherwise the attempt would never end.
pub(crate) fn told(error: &Error) -> String {
    lines::kept(&format!("{}: {}", error.code(), error.message()))
}
