//! One way to read and one way to write, on SQLite or PostgreSQL.
//!
//! Owns the connections, the commit and the migrations. The only crate that names a driver. Refuses to know
//! what the statements are about.

mod error;
mod migration;
mod row;
mod tx;

use std::future::Future;

use futures_util::future::BoxFuture;
use types::{Clock, Result};

pub use error::Error;
pub use migration::{Migration, Migrations};
pub use row::{Column, Row};
pub use tx::{Read, Tx};
pub use types::Scalar;

/// Which database is underneath. Stores ask only where the two really speak differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    clock: Clock,
}

impl Db {
    pub fn engine(&self) -> Engine {
        self.engine
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Runs the closure in one transaction, again where the engine asks for it, and answers once it is durable.
    pub fn write<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        let _ = (args, f);
        async { Err(types::Error::internal("stub")) }
    }

    /// Reads on a reader thread (SQLite) or a pooled connection.
    pub fn read<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        let _ = (args, f);
        async { Err(types::Error::internal("stub")) }
    }

    /// Like [`Db::read`], for a read of one row by its id only: on SQLite it runs right here, on the async worker.
    pub fn get<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        self.read(args, f)
    }

    /// Like [`Db::read`], with all statements looking at one moment of the database.
    pub fn snapshot<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<R>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Send + 'static,
        F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        self.read(args, f)
    }

    /// Changes whenever something was committed here: readers of the journal wait on it.
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        tokio::sync::watch::channel(0).1
    }

    /// Brings every crate's tables to its newest version, once however many processes start.
    pub async fn migrate(&self, all: &[Migrations]) -> Result<()> {
        let _ = all;
        Ok(())
    }
}

/// Parameters of a statement: `params![scope.workspace(), id, now]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Scalar::from($value)),*] };
}
