//! Whether the WAL may hold what can be read but would not survive a power cut, and how that ends.
//!
//! After an `fsync` that failed the kernel may count the pages as clean: they can be read, nothing writes them any more, and
//! the next `fsync` succeeds without them. Whoever then commits behind them is acknowledged for frames that a power cut
//! separates from the beginning of the WAL, and recovery ends where the hole is. So nothing is committed behind such
//! frames: what the WAL holds is written into the database (new writes, a new `fsync`), and the WAL begins anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

use super::error;
use crate::error::{Error, Result};
use crate::faults::{self, Fault};

/// Shared by the writer, which has it, and by the check of readiness.
#[derive(Clone, Default)]
pub(super) struct Doubt(Arc<AtomicBool>);

impl Doubt {
    pub(super) fn is_there(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn rise(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Has everything in the WAL written and synced into the database, and the WAL cut to nothing.
    pub(super) fn settle(&self, connection: &Connection) -> Result<()> {
        if faults::planted(Fault::TrustTheWal) {
            self.0.store(false, Ordering::Release);
            return Ok(());
        }
        let busy = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
            .map_err(error::from)?;
        if busy {
            return Err(Error::Unavailable(Arc::new(Held)));
        }
        self.0.store(false, Ordering::Release);
        Ok(())
    }

    /// A process that starts knows nothing of a failure before it: what it finds in the WAL is doubtful.
    pub(super) fn of_a_start(connection: &Connection) -> Result<Self> {
        let doubt = Self::default();
        match doubt.settle(connection) {
            // Full, but it can be read: it starts, and writes when there is room.
            Err(Error::NoSpace(_)) => doubt.rise(),
            // Somebody else has it open and is alive: what it committed it answers for.
            Err(Error::Unavailable(cause)) if is_busy(&cause) => {}
            other => other?,
        }
        Ok(doubt)
    }
}

fn is_busy(cause: &crate::Cause) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    let code = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    cause.is::<Held>() || matches!(code, Some(DatabaseBusy | DatabaseLocked))
}

#[derive(Debug, thiserror::Error)]
#[error("readers hold the WAL")]
struct Held;
