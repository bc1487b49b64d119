//! Opens the file, each connection for what it is there for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error;
use crate::error::{Error, Result};
use crate::faults::{self, Fault};
use crate::{Options, Synchronous};

/// How long the WAL file may stay after a checkpoint: 64 MiB.
const WAL_KEPT: i64 = 64 << 20;
/// Pages in the WAL before it is folded into the file, 16 MiB: the pages of the newest rows are written again and again, and a
/// longer WAL folds them once.
const WAL_PAGES: i64 = 4_000;
/// Reads of the file through memory: 128 MiB.
const MAPPED: i64 = 128 << 20;

fn connection(file: &Path, flags: OpenFlags, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(busy_timeout)?;
    // PostgreSQL reads "x" as a name and LIKE by case; one text has to mean the same on both.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.execute_batch("PRAGMA case_sensitive_like = ON; PRAGMA temp_store = MEMORY")?;
    connection.set_prepared_statement_cache_capacity(512);
    Ok(connection)
}

pub(super) fn writer(file: &Path, options: &Options) -> Result<Connection> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Error::Unavailable(Arc::new(error)))?;
    }
    let normal = options.synchronous == Synchronous::Normal || faults::planted(Fault::SynchronousNormal);
    let open = || {
        let connection = writable(file, options.busy_timeout)?;
        connection.pragma_update(None, "synchronous", if normal { "NORMAL" } else { "FULL" })?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "journal_size_limit", WAL_KEPT)?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", WAL_PAGES, |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", -16 * 1024)?;
        Ok(connection)
    };
    open().map_err(error::from)
}

/// The names of the database and its WAL have to survive, too; SQLite asks for that but does not look at the answer.
pub(super) fn sync_folder(file: &Path) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::Unavailable(Arc::new(error)))
}

/// A connection of its own for migrations. References are checked by hand before the commit, because a table that is
/// rebuilt has none for a moment.
pub(super) fn migrator(file: &Path, busy_timeout: Duration) -> Result<Connection> {
    let open = || {
        let connection = writable(file, busy_timeout)?;
        connection.pragma_update(None, "foreign_keys", false)?;
        Ok(connection)
    };
    open().map_err(error::from)
}

fn writable(file: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let connection =
        connection(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, busy_timeout)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    Ok(connection)
}

pub(super) fn reader(file: &Path, options: &Options) -> Result<Connection> {
    let open = || {
        // Not SQLITE_OPEN_READ_ONLY: the first reader after a crash may have to repair the WAL's index.
        let connection = connection(file, OpenFlags::SQLITE_OPEN_READ_WRITE, options.busy_timeout)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update_and_check(None, "mmap_size", MAPPED, |_| Ok(()))?;
        Ok(connection)
    };
    open().map_err(error::from)
}
