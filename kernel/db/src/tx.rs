//! What a unit of work holds: a connection to read from, and a transaction to write in.

use std::ops::{Deref, DerefMut};

use types::{Scalar, Time};

use crate::error::Result;
use crate::{Engine, Row};

/// A connection that may only be read from.
pub struct Read {
    engine: Engine,
    now: Time,
}

impl Read {
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The time this unit goes by: the same for all its statements.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Every row. `$1`, `$2` in the text on both engines.
    pub async fn rows(&mut self, sql: &str, params: &[Scalar]) -> Result<Vec<Row>> {
        let _ = (sql, params);
        Ok(Vec::new())
    }

    /// The first row, if there is one.
    pub async fn row(&mut self, sql: &str, params: &[Scalar]) -> Result<Option<Row>> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }
}

/// A transaction. What [`Read`] can, and change.
pub struct Tx {
    read: Read,
}

impl Tx {
    /// Runs a statement and tells how many rows it changed.
    pub async fn execute(&mut self, sql: &str, params: &[Scalar]) -> Result<u64> {
        let _ = (sql, params);
        Ok(0)
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
