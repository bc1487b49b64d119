//! What SQLite says, in this crate's words.

use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};

use crate::Error;

pub(super) fn from(failure: rusqlite::Error) -> Error {
    let Some(code) = failure.sqlite_error() else { return Error::Statement(Arc::new(failure)) };
    match code.code {
        ErrorCode::ConstraintViolation => constraint(code.extended_code, failure),
        ErrorCode::DiskFull => Error::NoSpace(Arc::new(failure)),
        // The WAL's index could not grow.
        _ if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Error::NoSpace(Arc::new(failure)),
        // Only readers are interrupted, and only by their deadline.
        ErrorCode::OperationInterrupted => Error::Deadline,
        ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OutOfMemory
        | ErrorCode::PermissionDenied => Error::Unavailable(Arc::new(failure)),
        _ => Error::Statement(Arc::new(failure)),
    }
}

fn constraint(extended_code: i32, failure: rusqlite::Error) -> Error {
    let message = failure.to_string();
    let rule = message.split_once("constraint failed: ").map_or("", |(_, rule)| rule);
    match extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE => Error::Unique { rule: unique(rule) },
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            let table = rule.split('.').next().unwrap_or(rule);
            Error::Unique { rule: format!("{table}_pkey") }
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Error::Reference { rule: "a foreign key".into() },
        ffi::SQLITE_CONSTRAINT_CHECK => Error::Check { rule: rule.to_owned() },
        ffi::SQLITE_CONSTRAINT_NOTNULL => Error::Missing { column: rule.to_owned() },
        _ => Error::Statement(Arc::new(failure)),
    }
}

/// `services.workspace, services.slug` as `services_workspace_slug`, the name that PostgreSQL would give.
fn unique(rule: &str) -> String {
    if let Some(index) = rule.strip_prefix("index '") {
        return index.trim_end_matches('\'').to_owned();
    }
    let mut columns = rule.split(", ").map(|part| part.split_once('.').unwrap_or(("", part)));
    let Some((table, first)) = columns.next() else { return rule.to_owned() };
    columns.fold(format!("{table}_{first}"), |name, (_, column)| format!("{name}_{column}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_named_by_table_and_columns() {
        assert_eq!(unique("services.workspace, services.slug"), "services_workspace_slug");
        assert_eq!(unique("services.slug"), "services_slug");
        assert_eq!(unique("index 'services_lower_slug'"), "services_lower_slug");
    }
}
