//! One commit for many units. Nobody hears of an outcome, good or bad, before the commit that it rests on.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::watch;
use tokio::time::Instant;
use types::Clock;

use super::doubt::Doubt;
use super::{Waiting, error};
use crate::Tx;
use crate::error::{Error, Result};
use crate::faults::{self, Fault};
use crate::meter;
use crate::tx::{Link, Read};

/// After a unit had to be undone, so many groups keep a way back for each of theirs.
const WARY: u32 = 32;

pub(super) struct Group {
    tx: Tx,
    /// How many of the next groups keep a way back for each unit.
    wary: u32,
    clock: Clock,
    commits: Arc<watch::Sender<u64>>,
    doubt: Doubt,
}

/// Why the units of a group have no common end.
enum Apart {
    /// One of them failed after it had changed something, and there was no way back for it alone.
    Undone,
    /// One of them took the transaction with it, or cannot be committed: each is run in its own.
    Again,
    /// The commit failed for a reason that is nobody's: every unit failed.
    Failed(Error),
}

impl Group {
    pub(super) fn new(
        connection: Connection,
        clock: Clock,
        commits: Arc<watch::Sender<u64>>,
        doubt: Doubt,
    ) -> Self {
        let tx = Tx::new(Read::new(Link::Sqlite(Box::new(connection)), clock.now()));
        Self { tx, wary: 0, clock, commits, doubt }
    }

    /// Runs the units in order, and releases them.
    pub(super) fn commit(&mut self, mut units: Vec<Waiting>) {
        if let Err(error) = self.settle() {
            for unit in &mut units {
                unit.fail(error.clone());
                unit.release();
            }
            return;
        }
        let together = match units.len() {
            0 => return,
            1 => Err(Apart::Again),
            _ => self.together(&mut units),
        };
        for unit in &mut units {
            match &together {
                Ok(()) => {}
                Err(Apart::Failed(error)) => unit.fail(error.clone()),
                Err(Apart::Again | Apart::Undone) => self.alone(unit),
            }
            unit.release();
        }
    }

    /// Nearly every unit succeeds or fails before it changes anything, so they run without a savepoint each, which would
    /// copy every page it touches. The group that this does not do for runs again with them.
    fn together(&mut self, units: &mut [Waiting]) -> Result<(), Apart> {
        if self.wary == 0 {
            match self.attempt(units, false) {
                Err(Apart::Undone) => self.wary = WARY,
                outcome => return outcome,
            }
        }
        self.wary -= 1;
        self.attempt(units, true)
    }

    fn attempt(&mut self, units: &mut [Waiting], savepoints: bool) -> Result<(), Apart> {
        let started = Instant::now();
        self.begin().map_err(Apart::Failed)?;
        let mut kept = false;
        for unit in &mut *units {
            kept |= if savepoints { self.in_savepoint(unit)? } else { self.in_the_open(unit)? };
        }
        if faults::planted(Fault::AckBeforeCommit) {
            for unit in units.iter_mut() {
                unit.release();
            }
            faults::wait();
        }
        types::faults::point("db.before_commit");
        self.end(started, units.len())?;
        types::faults::point("db.after_commit");
        self.announce(kept);
        Ok(())
    }

    fn in_the_open(&mut self, unit: &mut Waiting) -> Result<bool, Apart> {
        let kept = self.unit(unit);
        if self.connection().is_autocommit() {
            return Err(Apart::Again);
        }
        if !kept && self.tx.touched() && !faults::planted(Fault::NoSavepoint) {
            return Err(Apart::Undone);
        }
        Ok(kept)
    }

    fn in_savepoint(&mut self, unit: &mut Waiting) -> Result<bool, Apart> {
        let again = |_: rusqlite::Error| Apart::Again;
        self.statement("SAVEPOINT unit").map_err(again)?;
        let kept = self.unit(unit);
        // A full disk or an interrupt rolls back everything, not only this unit.
        if self.connection().is_autocommit() {
            return Err(Apart::Again);
        }
        if !kept && !faults::planted(Fault::NoSavepoint) {
            self.statement("ROLLBACK TO unit").map_err(again)?;
        }
        self.statement("RELEASE unit").map_err(again)?;
        Ok(kept)
    }

    /// One unit, one commit: only it fails.
    fn alone(&mut self, unit: &mut Waiting) {
        // The one before it may have left a doubt.
        if let Err(error) = self.settle() {
            unit.fail(error);
            return;
        }
        let started = Instant::now();
        if let Err(error) = self.begin() {
            unit.fail(error);
            return;
        }
        if !self.unit(unit) && !faults::planted(Fault::NoSavepoint) {
            self.roll_back();
            return;
        }
        if self.connection().is_autocommit() {
            unit.fail(Error::Aborted);
            return;
        }
        if faults::planted(Fault::AckBeforeCommit) {
            unit.release();
            faults::wait();
        }
        types::faults::point("db.before_commit");
        if let Err(failure) = self.statement("COMMIT") {
            unit.fail(self.failed(failure));
            return;
        }
        types::faults::point("db.after_commit");
        meter::SQLITE.committed(started, 1);
        self.announce(true);
    }

    /// Before the outcomes are released, so that whoever has one finds what it changed announced.
    fn announce(&self, kept: bool) {
        if kept {
            self.commits.send_modify(|count| *count += 1);
        }
    }

    fn unit(&mut self, unit: &mut Waiting) -> bool {
        self.tx.renew(self.clock.now());
        unit.run(&mut self.tx)
    }

    fn begin(&mut self) -> Result<()> {
        // What a bug left open must not end up in somebody else's commit.
        self.roll_back();
        self.statement("BEGIN IMMEDIATE").map_err(error::from)
    }

    fn end(&mut self, started: Instant, units: usize) -> Result<(), Apart> {
        let Err(failure) = self.statement("COMMIT") else {
            meter::SQLITE.committed(started, units);
            return Ok(());
        };
        let code = failure.sqlite_error_code();
        let error = self.failed(failure);
        match code {
            // A deferred reference, or the unit that needs more room than there is: somebody's.
            Some(ErrorCode::ConstraintViolation | ErrorCode::DiskFull) => Err(Apart::Again),
            _ => Err(Apart::Failed(error)),
        }
    }

    /// A COMMIT that failed. When it was the disk that failed, nobody knows what of it is there.
    fn failed(&self, failure: rusqlite::Error) -> Error {
        meter::SQLITE.commit_failed();
        self.roll_back();
        if failure.sqlite_error_code() != Some(ErrorCode::SystemIoFailure) {
            return error::from(failure);
        }
        tracing::error!(error = %failure, "the disk failed a commit: the WAL begins anew before the next one");
        self.doubt.rise();
        match error::from(failure) {
            Error::Unavailable(cause) => Error::CommitFailed(cause),
            other => other,
        }
    }

    /// Ends a doubt, if there is one and the disk lets it.
    pub(super) fn settle(&self) -> Result<()> {
        if !self.doubt.is_there() {
            return Ok(());
        }
        self.roll_back();
        self.doubt.settle(self.connection())?;
        tracing::info!("the WAL begins anew: the database takes writes again");
        Ok(())
    }

    fn roll_back(&self) {
        if !self.connection().is_autocommit()
            && let Err(error) = self.statement("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    fn statement(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection().prepare_cached(sql)?.execute([]).map(drop)
    }

    fn connection(&self) -> &Connection {
        self.tx.sqlite()
    }

    pub(super) fn checkpoint(&self) -> rusqlite::Result<()> {
        self.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}
