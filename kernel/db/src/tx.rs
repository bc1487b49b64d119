//! What a unit of work holds: a connection to read from, and a transaction to write in.

use std::ops::{Deref, DerefMut};

use types::{Scalar, Time};

use crate::error::{Error, Result};
use crate::{Engine, Row, postgres, sqlite};

/// A connection that may only be read from.
pub struct Read {
    link: Link,
    now: Time,
    /// In a transaction nothing runs after a statement that failed: PostgreSQL would refuse it, so SQLite does too.
    transaction: bool,
    failed: bool,
    /// Whether anything that could change something was tried.
    touched: bool,
}

#[expect(clippy::large_enum_variant, reason = "a unit has one; on PostgreSQL a box would be made for each")]
pub(crate) enum Link {
    Sqlite(Box<rusqlite::Connection>),
    Postgres(postgres::Link),
}

impl Read {
    pub(crate) fn new(link: Link, now: Time) -> Self {
        Self { link, now, transaction: false, failed: false, touched: false }
    }

    pub fn engine(&self) -> Engine {
        match self.link {
            Link::Sqlite(_) => Engine::Sqlite,
            Link::Postgres(_) => Engine::Postgres,
        }
    }

    /// The time this unit goes by: the same for all its statements.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Every row. `$1`, `$2` in the text on both engines.
    pub async fn rows(&mut self, sql: &str, params: &[Scalar]) -> Result<Vec<Row>> {
        self.refuse(params)?;
        let outcome = match &mut self.link {
            Link::Sqlite(connection) => sqlite::rows(connection, sql, params, &mut self.touched),
            Link::Postgres(link) => link.rows(sql, params).await,
        };
        self.failed |= outcome.is_err();
        outcome
    }

    /// The first row, if there is one.
    pub async fn row(&mut self, sql: &str, params: &[Scalar]) -> Result<Option<Row>> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    fn refuse(&self, params: &[Scalar]) -> Result<()> {
        if self.transaction && self.failed {
            return Err(Error::Aborted);
        }
        let nul = |param: &Scalar| matches!(param, Scalar::Text(text) if text.as_bytes().contains(&0));
        match params.iter().position(nul) {
            Some(at) => Err(Error::Nul(at + 1)),
            None => Ok(()),
        }
    }

    /// Makes it as good as new for the next unit.
    pub(crate) fn renew(&mut self, now: Time) {
        self.now = now;
        self.failed = false;
        self.touched = false;
    }

    /// The connection of SQLite; only the code of that engine asks.
    pub(crate) fn sqlite(&self) -> &rusqlite::Connection {
        match &self.link {
            Link::Sqlite(connection) => connection,
            Link::Postgres(_) => unreachable!("only code of SQLite asks for its connection"),
        }
    }

    /// The connection of PostgreSQL; only the code of that engine asks.
    pub(crate) fn postgres(&mut self) -> &mut postgres::Link {
        match &mut self.link {
            Link::Postgres(link) => link,
            Link::Sqlite(_) => unreachable!("only code of PostgreSQL asks for its connection"),
        }
    }
}

/// A transaction. What [`Read`] can, and change.
pub struct Tx {
    read: Read,
}

impl Tx {
    pub(crate) fn new(mut read: Read) -> Self {
        read.transaction = true;
        Self { read }
    }

    /// Runs a statement and tells how many rows it changed.
    pub async fn execute(&mut self, sql: &str, params: &[Scalar]) -> Result<u64> {
        self.read.refuse(params)?;
        self.read.touched = true;
        let outcome = match &mut self.read.link {
            Link::Sqlite(connection) => sqlite::execute(connection, sql, params),
            Link::Postgres(link) => link.execute(sql, params).await,
        };
        self.read.failed |= outcome.is_err();
        outcome
    }

    pub(crate) fn failed(&self) -> bool {
        self.read.failed
    }

    /// Whether there may be something to undo.
    pub(crate) fn touched(&self) -> bool {
        self.read.touched
    }
}

impl Deref for Tx {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Read {
        &mut self.read
    }
}
