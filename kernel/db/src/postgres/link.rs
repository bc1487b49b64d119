//! One pooled connection in one unit's hands. What is left in the middle of something never goes back to the pool.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Object;
use futures_util::TryStreamExt;
use futures_util::future::join;
use tokio::time::Instant;
use tokio_postgres::Statement;
use types::Scalar;

use super::error::{self, Again, Failure};
use super::value::{Cell, Param};
use crate::Row;
use crate::error::{Error, Result};

/// A statement that ran longer than this when its caller left would hold up the next one on this connection.
const PATIENCE: Duration = Duration::from_millis(50);

pub(crate) struct Link {
    /// None only while it is dropped.
    object: Option<Object>,
    /// How to begin a transaction: sent together with its first statement.
    begin: Option<&'static str>,
    /// In a transaction that has neither been committed nor rolled back.
    open: bool,
    /// When the statement began that has not ended yet.
    since: Option<Instant>,
    /// Why running again may help, once a statement failed: kept here, because the unit may make of the error what it likes.
    again: Option<Again>,
}

/// How a commit ended.
pub(super) enum Commit {
    Done,
    /// It did not happen, and may be tried again.
    Again(Again),
    /// It did not happen.
    Failed(Error),
    Unknown,
}

impl Link {
    pub(super) fn new(object: Object) -> Self {
        Self { object: Some(object), begin: None, open: false, since: None, again: None }
    }

    pub(super) fn again(&self) -> Option<Again> {
        self.again
    }

    fn object(&self) -> &Object {
        self.object.as_ref().expect("it is taken only when the link is dropped")
    }

    pub(crate) async fn rows(&mut self, sql: &str, params: &[Scalar]) -> Result<Vec<Row>> {
        let begin = self.starts();
        let mut outcome = after(self.object(), begin, query(self.object(), sql, params)).await;
        if self.may_repeat(sql, outcome.as_ref().err()) {
            outcome = query(self.object(), sql, params).await;
        }
        self.ended(outcome)
    }

    pub(crate) async fn execute(&mut self, sql: &str, params: &[Scalar]) -> Result<u64> {
        let begin = self.starts();
        let mut outcome = after(self.object(), begin, execute(self.object(), sql, params)).await;
        if self.may_repeat(sql, outcome.as_ref().err()) {
            outcome = execute(self.object(), sql, params).await;
        }
        self.ended(outcome)
    }

    /// A statement is on its way. Said before it is sent: if its future is dropped halfway, the connection must not be
    /// used again.
    fn starts(&mut self) -> Option<&'static str> {
        self.since = Some(Instant::now());
        let begin = self.begin.take();
        self.open |= begin.is_some();
        begin
    }

    /// Forgets a statement that a change of a table made stale; outside a transaction it can be run again at once.
    fn may_repeat(&self, sql: &str, failure: Option<&Failure>) -> bool {
        if failure.is_none_or(|failure| failure.again != Some(Again::Stale)) {
            return false;
        }
        if let Some(pool) = Object::pool(self.object()) {
            pool.manager().statement_caches.remove(sql, &[]);
        }
        !self.open
    }

    fn ended<T>(&mut self, outcome: Result<T, Failure>) -> Result<T> {
        self.since = None;
        outcome.map_err(|failure| {
            self.again = self.again.or(failure.again);
            failure.error
        })
    }

    /// From the next statement on, everything is one transaction.
    pub(super) fn begin(&mut self, how: &'static str) {
        self.begin = Some(how);
    }

    pub(super) async fn commit(&mut self, until: Instant) -> Commit {
        if self.since.is_some() {
            // A statement was left in the middle, so nobody knows what it did.
            return Commit::Failed(Error::NotReady);
        }
        if self.begin.take().is_some() {
            // Nothing was done, so nothing has to be kept.
            return Commit::Done;
        }
        if self.object().is_closed() {
            return Commit::Again(Again::Lost);
        }
        let sent = self.object().batch_execute("COMMIT");
        let Ok(outcome) = tokio::time::timeout_at(until, sent).await else { return Commit::Unknown };
        let Err(failure) = outcome else {
            self.open = false;
            return Commit::Done;
        };
        // Words of an error that leaves the session alive mean that it was rolled back.
        if failure.as_db_error().is_none_or(error::fatal) {
            return Commit::Unknown;
        }
        self.open = false;
        let failure = Failure::from(failure);
        failure.again.map_or(Commit::Failed(failure.error), Commit::Again)
    }

    /// Best effort: a connection that cannot even roll back is let go of.
    pub(super) async fn roll_back(&mut self, until: Instant) {
        if self.begin.take().is_some() || self.since.is_some() || self.again == Some(Again::Lost) {
            return;
        }
        let sent = self.object().batch_execute("ROLLBACK");
        if let Ok(Ok(())) = tokio::time::timeout_at(until, sent).await {
            self.open = false;
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let stuck = self.since.is_some_and(|since| since.elapsed() > PATIENCE);
        if (self.open || stuck)
            && let Some(object) = self.object.take()
        {
            drop(Object::take(object));
        }
    }
}

/// The first statement of a transaction does not wait for the answer to the one that begins it.
async fn after<T>(
    object: &Object,
    begin: Option<&'static str>,
    statement: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let Some(begin) = begin else { return statement.await };
    let (begun, outcome) = join(object.batch_execute(begin), statement).await;
    begun?;
    outcome
}

async fn prepared(object: &Object, sql: &str, params: &[Scalar]) -> Result<Statement, Failure> {
    let statement = object.prepare_cached(sql).await?;
    let expected = statement.params().len();
    if expected != params.len() {
        return Err(Error::Parameters { expected, given: params.len() }.into());
    }
    Ok(statement)
}

async fn query(object: &Object, sql: &str, params: &[Scalar]) -> Result<Vec<Row>, Failure> {
    let statement = prepared(object, sql, params).await?;
    let names: Arc<[String]> = statement.columns().iter().map(|column| column.name().to_owned()).collect();
    let mut stream = pin!(object.query_raw(&statement, params.iter().map(Param)).await?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        let values: Result<Vec<Scalar>, _> =
            (0..row.len()).map(|at| row.try_get::<_, Cell>(at).map(|cell| cell.0)).collect();
        rows.push(Row::new(Arc::clone(&names), values?));
    }
    Ok(rows)
}

async fn execute(object: &Object, sql: &str, params: &[Scalar]) -> Result<u64, Failure> {
    let statement = prepared(object, sql, params).await?;
    Ok(object.execute_raw(&statement, params.iter().map(Param)).await?)
}
