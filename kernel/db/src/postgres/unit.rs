//! Runs a unit to its durable end: again where another transaction, a lost connection or an old plan was in the way.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use types::Result;

use super::error::Again;
use super::link::Commit;
use super::{Core, Isolation, spawn};
use crate::faults::{self, Fault};
use crate::meter;
use crate::tx::Link;
use crate::unit::Unit;
use crate::{Error, Read, Tx, run};

/// How often a unit gives way to others.
const CONFLICTS: u32 = 60;
/// How often it looks for another connection, or meets statements that a change of a table made stale.
const OTHERS: u32 = 5;

/// Why one run was not the last word.
enum Stop {
    Final(types::Error),
    Again(Again, Option<types::Error>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Final(error.into())
    }
}

/// Counts the runs, and waits between them.
#[derive(Default)]
struct Runs {
    conflicts: u32,
    others: u32,
    lost: bool,
}

impl Runs {
    /// Waits until it may be run again; gives back the error if it may not.
    async fn next(&mut self, why: Again, error: Option<types::Error>, until: Instant) -> Result<()> {
        let (pause, left) = match why {
            Again::Conflict => {
                self.conflicts += 1;
                (1 << self.conflicts.min(6), self.conflicts < CONFLICTS)
            }
            Again::Lost | Again::Stale => {
                self.others += 1;
                (10 << self.others.min(4), self.others < OTHERS)
            }
        };
        self.lost = why == Again::Lost;
        let pause = Duration::from_micros(rand::random_range(500..=1500) * pause);
        let given_up = || match why {
            Again::Conflict => Error::Busy { attempts: self.conflicts }.into(),
            _ => error.unwrap_or_else(|| Error::Unavailable(Arc::new(Error::Closed)).into()),
        };
        if !left || Instant::now() + pause >= until {
            return Err(given_up());
        }
        meter::POSTGRES.again(why.name());
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

pub(super) async fn write(
    core: &Core,
    isolation: Isolation,
    unit: &mut dyn Unit<Tx>,
    until: Instant,
) -> Result<()> {
    let mut runs = Runs::default();
    loop {
        match write_once(core, isolation, unit, until, runs.lost).await {
            Ok(()) => return Ok(()),
            Err(Stop::Final(error)) => return Err(error),
            Err(Stop::Again(why, error)) => runs.next(why, error, until).await?,
        }
    }
}

async fn write_once(
    core: &Core,
    isolation: Isolation,
    unit: &mut dyn Unit<Tx>,
    until: Instant,
    lost: bool,
) -> Result<(), Stop> {
    let started = Instant::now();
    let link = if lost { core.writes.checked(until).await? } else { core.writes.link(until).await? };
    let mut tx = Tx::new(Read::new(Link::Postgres(link), core.clock.now()));
    let begin = match isolation {
        Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        Isolation::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
    };
    let ran = AssertUnwindSafe(async {
        tx.postgres().begin(begin);
        unit.run(&mut tx).await
    })
    .catch_unwind();
    let outcome = match tokio::time::timeout_at(until, ran).await {
        // The link is open, so dropping it ends the session and the transaction with it.
        Err(_) => return Err(Error::Deadline.into()),
        Ok(Err(panic)) => return Err(run::panicked(&*panic).into()),
        Ok(Ok(outcome)) => outcome,
    };
    let again = tx.postgres().again();
    let failed = tx.failed() || again.is_some();
    match outcome {
        Ok(()) if !failed => {}
        // The server would answer COMMIT with a rollback, and call that a success.
        Ok(()) => return Err(rolled_back(&mut tx, again, Error::Aborted.into(), until).await),
        Err(error) if faults::planted(Fault::NoSavepoint) && !failed => {
            tx.postgres().commit(until).await;
            return Err(Stop::Final(error));
        }
        Err(error) => return Err(rolled_back(&mut tx, again, error, until).await),
    }
    if faults::planted(Fault::AckBeforeCommit) {
        spawn::start(async move {
            tokio::time::sleep(faults::WINDOW).await;
            tx.postgres().commit(Instant::now() + faults::WINDOW * 20).await;
        });
        return Ok(());
    }
    types::faults::point("db.before_commit");
    let stop = match tx.postgres().commit(until).await {
        Commit::Done => {
            types::faults::point("db.after_commit");
            meter::POSTGRES.committed(started, 1);
            core.commits.send_modify(|count| *count += 1);
            return Ok(());
        }
        Commit::Again(why) => Stop::Again(why, None),
        Commit::Failed(error) => Stop::Final(error.into()),
        Commit::Unknown if faults::planted(Fault::SuccessWhenUnknown) => return Ok(()),
        Commit::Unknown => Error::OutcomeUnknown.into(),
    };
    meter::POSTGRES.commit_failed();
    Err(stop)
}

async fn rolled_back(tx: &mut Tx, again: Option<Again>, error: types::Error, until: Instant) -> Stop {
    // A deadline that has just passed is no reason to throw the connection away.
    tx.postgres().roll_back(until.max(Instant::now() + Duration::from_secs(1))).await;
    match again {
        Some(why) => Stop::Again(why, Some(error)),
        None => Stop::Final(error),
    }
}

pub(super) async fn read(
    core: &Core,
    snapshot: bool,
    unit: &mut dyn Unit<Read>,
    until: Instant,
) -> Result<()> {
    let started = Instant::now();
    let outcome = match read_once(core, snapshot, unit, until, false).await {
        Err(Stop::Again(why, _)) => {
            meter::POSTGRES.again(why.name());
            read_once(core, snapshot, unit, until, true).await
        }
        other => other,
    };
    meter::POSTGRES.read(started.elapsed());
    outcome.map_err(|stop| match stop {
        Stop::Final(error) | Stop::Again(_, Some(error)) => error,
        Stop::Again(_, None) => Error::Closed.into(),
    })
}

async fn read_once(
    core: &Core,
    snapshot: bool,
    unit: &mut dyn Unit<Read>,
    until: Instant,
    lost: bool,
) -> Result<(), Stop> {
    let link = if lost { core.reads.checked(until).await? } else { core.reads.link(until).await? };
    let mut read = Read::new(Link::Postgres(link), core.clock.now());
    let ran = AssertUnwindSafe(async {
        if snapshot {
            read.postgres().begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        }
        unit.run(&mut read).await
    })
    .catch_unwind();
    let outcome = match tokio::time::timeout_at(until, ran).await {
        Err(_) => return Err(Error::Deadline.into()),
        Ok(Err(panic)) => return Err(run::panicked(&*panic).into()),
        Ok(Ok(outcome)) => outcome,
    };
    let again = read.postgres().again();
    if snapshot {
        read.postgres().roll_back(until.max(Instant::now() + Duration::from_secs(1))).await;
    }
    outcome.map_err(|error| match again {
        Some(why) => Stop::Again(why, Some(error)),
        None => Stop::Final(error),
    })
}
