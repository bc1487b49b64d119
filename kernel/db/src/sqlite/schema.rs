//! Migrations on SQLite: through a connection of their own, one transaction a step, one process at a time.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use types::{Clock, Time};

use super::{error, open};
use crate::error::{Error, Result};
use crate::migrate::{self, Applied, HISTORY, Status, Step};

pub(super) fn migrate(
    file: &Path,
    busy_timeout: Duration,
    clock: &Clock,
    steps: &[Step],
) -> Result<Vec<Status>> {
    // Another process may be at a long step.
    let connection = open::migrator(file, busy_timeout.max(Duration::from_mins(1)))?;
    let mut taken = Vec::new();
    loop {
        connection.execute_batch("BEGIN IMMEDIATE").map_err(error::from)?;
        let outcome = next(&connection, clock.now(), steps);
        let outcome = match outcome {
            Ok(found) => connection.execute_batch("COMMIT").map(|()| found).map_err(error::from),
            Err(failure) => Err(failure),
        };
        match outcome {
            Ok(Some(status)) => taken.push(status),
            Ok(None) => return Ok(taken),
            Err(failure) => {
                if !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK").map_err(error::from)?;
                }
                return Err(failure);
            }
        }
    }
}

/// Looks again at every step: another process may have taken it meanwhile.
fn next(connection: &Connection, now: Time, steps: &[Step]) -> Result<Option<Status>> {
    connection.execute_batch(HISTORY).map_err(error::from)?;
    let history = applied(connection).map_err(error::from)?;
    let Some(step) = migrate::missing(steps, &history)?.into_iter().next() else { return Ok(None) };
    let failed = |failure| step.failed(error::from(failure));
    connection.execute_batch(&step.sql).map_err(failed)?;
    if connection.is_autocommit() {
        return Err(step.failed(Error::Options("a step must not end its transaction".into())));
    }
    let broken =
        connection.query_row("PRAGMA foreign_key_check", [], |row| row.get::<_, String>(0)).optional();
    if let Some(table) = broken.map_err(failed)? {
        return Err(step.failed(Error::Reference { rule: table }));
    }
    connection
        .execute(
            "INSERT INTO schema_history (system, number, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            (step.system, step.number, step.name, &step.checksum, now.as_millis()),
        )
        .map_err(failed)?;
    Ok(Some(step.applied(Some(now))))
}

pub(super) fn history(file: &Path, busy_timeout: Duration) -> Result<Vec<Applied>> {
    let connection = open::migrator(file, busy_timeout)?;
    let there = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'schema_history'", [], |_| Ok(()))
        .optional()
        .map_err(error::from)?;
    if there.is_none() { Ok(Vec::new()) } else { applied(&connection).map_err(error::from) }
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    let mut statement = connection.prepare(
        "SELECT system, number, name, checksum, applied_at FROM schema_history ORDER BY system, number",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Applied {
            system: row.get(0)?,
            number: row.get(1)?,
            name: row.get(2)?,
            checksum: row.get(3)?,
            at: Time::from_millis(row.get(4)?),
        })
    })?;
    rows.collect()
}
