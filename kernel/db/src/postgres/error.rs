//! What PostgreSQL says, in this crate's words, and whether running again may help.

use std::error::Error as _;
use std::io;
use std::sync::Arc;

use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::Error;

/// Why a unit is worth another run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Another transaction was in the way.
    Conflict,
    /// The connection was lost.
    Lost,
    /// A table changed under a prepared statement.
    Stale,
}

impl Again {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Lost => "lost",
            Self::Stale => "stale",
        }
    }
}

/// A statement that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) again: Option<Again>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, again: None }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(failure: tokio_postgres::Error) -> Self {
        let again = again(&failure);
        Self { error: from(failure), again }
    }
}

fn again(failure: &tokio_postgres::Error) -> Option<Again> {
    let Some(said) = failure.as_db_error() else { return lost(failure).then_some(Again::Lost) };
    let code = said.code();
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        Some(Again::Conflict)
    } else if stale(said) {
        Some(Again::Stale)
    } else if fatal(said) {
        Some(Again::Lost)
    } else {
        None
    }
}

fn stale(said: &DbError) -> bool {
    (*said.code() == SqlState::FEATURE_NOT_SUPPORTED && said.message().contains("cached plan"))
        || *said.code() == SqlState::INVALID_SQL_STATEMENT_NAME
}

/// Whether the server ended the session with these words.
pub(super) fn fatal(said: &DbError) -> bool {
    matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || said.code().code().starts_with("08")
        || said.code().code().starts_with("57P")
}

fn lost(failure: &tokio_postgres::Error) -> bool {
    failure.is_closed() || failure.source().is_some_and(|cause| cause.downcast_ref::<io::Error>().is_some())
}

/// Whether a connection was there and was cut off before it could be used; one that is refused is not worth another try.
pub(super) fn cut_off(failure: &tokio_postgres::Error) -> bool {
    let refused = |cause: &io::Error| cause.kind() == io::ErrorKind::ConnectionRefused;
    let cause = failure.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    lost(failure) && !cause.is_some_and(refused)
}

/// When no connection could be made, whatever the reason.
pub(super) fn unreachable(failure: tokio_postgres::Error) -> Error {
    Error::Unavailable(Arc::new(failure))
}

pub(super) fn from(failure: tokio_postgres::Error) -> Error {
    let Some(said) = failure.as_db_error() else {
        return if lost(&failure) { unreachable(failure) } else { Error::Statement(Arc::new(failure)) };
    };
    let rule = || said.constraint().unwrap_or_default().to_owned();
    match said.code() {
        code if *code == SqlState::UNIQUE_VIOLATION => Error::Unique { rule: rule() },
        code if *code == SqlState::FOREIGN_KEY_VIOLATION => Error::Reference { rule: rule() },
        code if *code == SqlState::CHECK_VIOLATION => Error::Check { rule: rule() },
        code if *code == SqlState::NOT_NULL_VIOLATION => Error::Missing {
            column: format!("{}.{}", said.table().unwrap_or_default(), said.column().unwrap_or_default()),
        },
        code if *code == SqlState::DISK_FULL => Error::NoSpace(Arc::new(failure)),
        code if *code == SqlState::QUERY_CANCELED => Error::Deadline,
        code if *code == SqlState::IN_FAILED_SQL_TRANSACTION => Error::Aborted,
        code if *code == SqlState::LOCK_NOT_AVAILABLE => Error::Busy { attempts: 1 },
        // 53: too many connections, out of memory.
        code if fatal(said) || code.code().starts_with("53") => Error::Unavailable(Arc::new(failure)),
        _ => Error::Statement(Arc::new(failure)),
    }
}
