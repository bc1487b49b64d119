//! One way to read and one way to write, on SQLite or PostgreSQL.
//!
//! Owns the connections, the commit and the migrations. The only crate that names a driver. Refuses to know
//! what the statements are about.

mod error;
pub mod faults;
mod meter;
mod migrate;
mod migration;
mod options;
mod postgres;
mod row;
mod run;
mod sql;
mod sqlite;
mod tx;
mod unit;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use types::{Clock, Result};

pub use error::{Cause, Error};
pub use meter::METRICS;
pub use migrate::Status;
pub use migration::{Migration, Migrations};
pub use options::{Options, Synchronous};
use postgres::Isolation;
pub use row::{Column, Row};
pub use tx::{Read, Tx};
pub use types::Scalar;
use unit::{Ran, Unit};

/// Which database is underneath. Stores ask only where the two really speak differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: Engine,
    options: Options,
    backend: Backend,
    commits: Arc<watch::Sender<u64>>,
    /// What `listen` gives where there is nobody to listen to.
    silence: watch::Sender<u64>,
}

enum Backend {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Inner {
    async fn write(&self, isolation: Isolation, unit: Box<dyn Unit<Tx>>) -> Ran<Tx> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.write(unit).await,
            Backend::Postgres(postgres) => postgres.write(isolation, unit).await,
        }
    }

    async fn read(&self, snapshot: bool, unit: Box<dyn Unit<Read>>) -> Ran<Read> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(snapshot, unit).await,
            Backend::Postgres(postgres) => postgres.read(snapshot, unit).await,
        }
    }

    async fn get(&self, mut unit: Box<dyn Unit<Read>>) -> Ran<Read> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.get(&self.options, &mut *unit).map(|()| unit),
            Backend::Postgres(postgres) => postgres.read(false, unit).await,
        }
    }
}

impl Db {
    /// Opens the file of SQLite, or names the server of PostgreSQL: whether that is there, [`Db::check`] tells.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let engine = options.engine()?;
        let commits = Arc::new(watch::Sender::new(0));
        let backend = match engine {
            Engine::Sqlite => {
                Backend::Sqlite(sqlite::Sqlite::open(options.clone(), Arc::clone(&commits)).await?)
            }
            Engine::Postgres => Backend::Postgres(postgres::Postgres::open(&options, Arc::clone(&commits))?),
        };
        Ok(Self(Arc::new(Inner { engine, options, backend, commits, silence: watch::Sender::new(0) })))
    }

    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    pub fn clock(&self) -> &Clock {
        &self.0.options.clock
    }

    /// Runs the closure in one transaction, again where the engine asks for it, and answers once it is durable.
    ///
    /// The unit must have no effect outside its transaction and may await nothing but it. After a statement of it failed
    /// nothing more runs in it, and it cannot succeed.
    pub fn write<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        self.write_at(Isolation::Serializable, args, f)
    }

    /// Like [`Db::write`], but on PostgreSQL each statement sees what was committed before it: for claims with
    /// `FOR UPDATE SKIP LOCKED`, which take what others do not hold. On SQLite there is no difference.
    pub fn write_relaxed<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        self.write_at(Isolation::ReadCommitted, args, f)
    }

    fn write_at<A, R, F>(
        &self,
        isolation: Isolation,
        args: A,
        f: F,
    ) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        let (db, unit) = (Arc::clone(&self.0), unit::unit(args, f));
        async move { unit::outcome(db.write(isolation, unit).await?) }
    }

    /// Reads on a reader thread (SQLite) or a pooled connection.
    pub fn read<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        self.read_at(false, args, f)
    }

    /// Like [`Db::read`], with all statements looking at one moment of the database.
    pub fn snapshot<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        self.read_at(true, args, f)
    }

    fn read_at<A, R, F>(
        &self,
        snapshot: bool,
        args: A,
        f: F,
    ) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        let (db, unit) = (Arc::clone(&self.0), unit::unit(args, f));
        async move { unit::outcome(db.read(snapshot, unit).await?) }
    }

    /// Like [`Db::read`], for a read of one row by its id only: on SQLite it runs right here, on the async worker.
    pub fn get<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        let (db, unit) = (Arc::clone(&self.0), unit::unit(args, f));
        async move { unit::outcome(db.get(unit).await?) }
    }

    /// Changes whenever something was committed here: readers of the journal wait on it.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.0.commits.subscribe()
    }

    /// Changes whenever some node said [`Db::notify`] on this channel, and when something may have been missed. Never
    /// changes on SQLite, where there is one node. Name channels in letters and `_`. On PostgreSQL it wants tokio's runtime.
    pub fn listen(&self, channel: &'static str) -> watch::Receiver<u64> {
        match &self.0.backend {
            Backend::Sqlite(_) => self.0.silence.subscribe(),
            Backend::Postgres(postgres) => postgres.listen(channel),
        }
    }

    /// Wakes those who listen, on every node. Never inside a unit: there it would halve the commits.
    pub async fn notify(&self, channel: &str) -> Result<()> {
        match &self.0.backend {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(postgres) => Ok(postgres.notify(channel).await?),
        }
    }

    /// Whether the database answers, within two seconds.
    pub async fn check(&self) -> Result<()> {
        match &self.0.backend {
            Backend::Sqlite(sqlite) => sqlite.check(&self.0.options),
            Backend::Postgres(postgres) => Ok(postgres.check(Duration::from_secs(2)).await?),
        }
    }

    /// Brings every crate's tables to its newest version, once however many processes start. Tells the steps it took.
    pub async fn migrate(&self, all: &[Migrations]) -> Result<Vec<Status>> {
        let steps = migrate::steps(self.0.engine, all)?;
        Ok(match &self.0.backend {
            Backend::Sqlite(sqlite) => sqlite.migrate(steps).await?,
            Backend::Postgres(postgres) => postgres.migrate(&steps).await?,
        })
    }

    /// Every step with the time it was taken, and those that only the history knows. Changes nothing.
    pub async fn migration_status(&self, all: &[Migrations]) -> Result<Vec<Status>> {
        let steps = migrate::steps(self.0.engine, all)?;
        let history = match &self.0.backend {
            Backend::Sqlite(sqlite) => sqlite.history().await?,
            Backend::Postgres(postgres) => postgres.history().await?,
        };
        Ok(migrate::status(&steps, &history))
    }

    /// Refuses what comes from now on, finishes what was taken, and lets the database go.
    pub async fn close(&self) {
        match &self.0.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// Parameters of a statement: `params![scope.workspace(), id, now]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Scalar::from($value)),*] };
}
