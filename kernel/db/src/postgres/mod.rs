//! PostgreSQL: pooled connections with prepared statements; each write in a task of its own.
//!
//! Owns the connections. Refuses to know what is written.

mod error;
mod link;
mod listen;
mod pool;
mod schema;
mod spawn;
mod unit;
mod url;
mod value;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use types::Clock;

use crate::faults::{self, Fault};
use crate::migrate::{Applied, Step};
use crate::unit::{Ran, Unit};
use crate::{Error, Options, Read, Status, Tx, error as db_error, run};
use pool::Pool;
use url::Server;

pub(crate) use link::Link;

/// How much a unit sees of others that run at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    Serializable,
    ReadCommitted,
}

pub(crate) struct Postgres {
    core: Arc<Core>,
    /// A clone is held by every write that is under way; taken out when the database is closed.
    flights: Mutex<Option<mpsc::Sender<()>>>,
    landed: tokio::sync::Mutex<mpsc::Receiver<()>>,
    closing: watch::Sender<bool>,
}

/// What a write needs, however long its caller stays.
struct Core {
    server: Server,
    writes: Pool,
    reads: Pool,
    clock: Clock,
    deadline: Duration,
    commits: Arc<watch::Sender<u64>>,
}

impl Core {
    fn until(&self) -> Instant {
        let day = Duration::from_hours(24);
        Instant::now() + if faults::planted(Fault::NoDeadline) { day } else { self.deadline }
    }
}

impl Postgres {
    /// Does not connect: whether the server is there is for [`Postgres::check`] to say.
    pub(crate) fn open(options: &Options, commits: Arc<watch::Sender<u64>>) -> db_error::Result<Self> {
        let server = Server::new(options)?;
        let for_reads = (options.pool / 2).max(1);
        let for_writes = options.pool.saturating_sub(for_reads).max(1);
        let core = Core {
            writes: Pool::new(&server, options, "write", for_writes)?,
            reads: Pool::new(&server, options, "read", for_reads)?,
            server,
            clock: options.clock.clone(),
            deadline: options.deadline,
            commits,
        };
        let (flight, landed) = mpsc::channel(1);
        Ok(Self {
            core: Arc::new(core),
            flights: Mutex::new(Some(flight)),
            landed: tokio::sync::Mutex::new(landed),
            closing: watch::Sender::new(false),
        })
    }

    /// In a task of its own: a caller that hangs up must not leave a transaction open on a pooled connection.
    pub(crate) async fn write(&self, isolation: Isolation, mut unit: Box<dyn Unit<Tx>>) -> Ran<Tx> {
        let flight = self.flights.lock().clone().ok_or(Error::Closed)?;
        let seat = self.core.writes.seat()?;
        let until = self.core.until();
        let core = Arc::clone(&self.core);
        let task = spawn::start(async move {
            let outcome = unit::write(&core, isolation, &mut *unit, until).await;
            drop((seat, flight));
            outcome.map(|()| unit)
        });
        match task.await {
            Ok(outcome) => outcome,
            Err(ended) if ended.is_panic() => Err(run::panicked(&*ended.into_panic()).into()),
            Err(_) => Err(Error::OutcomeUnknown.into()),
        }
    }

    pub(crate) async fn read(&self, snapshot: bool, mut unit: Box<dyn Unit<Read>>) -> Ran<Read> {
        let _seat = self.core.reads.seat()?;
        let until = self.core.until();
        unit::read(&self.core, snapshot, &mut *unit, until).await.map(|()| unit)
    }

    /// Whether the server answers, through the connections for reads.
    pub(crate) async fn check(&self, patience: Duration) -> db_error::Result<()> {
        let until = Instant::now() + patience;
        let ping = async { self.core.reads.checked(until).await.map(drop) };
        tokio::time::timeout_at(until, ping).await.unwrap_or(Err(Error::Deadline))
    }

    pub(crate) async fn notify(&self, channel: &str) -> db_error::Result<()> {
        let until = self.core.until();
        let mut link = self.core.writes.link(until).await?;
        let params = [types::Scalar::from(channel)];
        let told = link.rows("SELECT pg_notify($1, '')", &params);
        tokio::time::timeout_at(until, told).await.unwrap_or(Err(Error::Deadline)).map(drop)
    }

    pub(crate) fn listen(&self, channel: &'static str) -> watch::Receiver<u64> {
        let (heard, receiver) = watch::channel(0);
        spawn::start(listen::forever(self.core.server.clone(), channel, heard, self.closing.subscribe()));
        receiver
    }

    /// Waits for the writes that are under way, then lets the connections go.
    pub(crate) async fn close(&self) {
        self.flights.lock().take();
        let _ = self.closing.send_replace(true);
        let _ = self.landed.lock().await.recv().await;
        self.core.writes.close();
        self.core.reads.close();
    }

    pub(crate) async fn migrate(&self, steps: &[Step]) -> db_error::Result<Vec<Status>> {
        schema::migrate(&self.core.server, &self.core.clock, steps).await
    }

    pub(crate) async fn history(&self) -> db_error::Result<Vec<Applied>> {
        schema::history(&self.core.server).await
    }
}
