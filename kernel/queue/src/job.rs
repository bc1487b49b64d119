//! A job as it sees itself while it runs.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use db::{Db, Tx};
use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::sync::watch;
use types::{Error, Installation, Result, Scope};

use crate::JobId;
use crate::done::Done;
use crate::error::job_taken_back;
use crate::faults::{Fault, planted};
use crate::running::Told;
use crate::store::{LineKind, attempts};
use crate::whose::Whose;

/// What the systems hand in for their jobs: `web::App` in the house.
pub(crate) type Context = Arc<dyn Any + Send + Sync>;

/// A job that runs. Cheap to clone.
#[derive(Clone)]
pub struct Job(Arc<Held>);

pub(crate) struct Held {
    pub id: JobId,
    pub attempt: i64,
    pub failures: u32,
    pub whose: Whose,
    pub payload: String,
    pub db: Db,
    pub context: Context,
    pub told: watch::Receiver<Told>,
    pub done: Done,
}

/// The proof that the job was completed: only [`Job::finish`] and its sisters make one.
#[derive(Debug)]
#[must_use = "hand it back: it is how the queue knows that the job is done"]
pub struct Finished(());

impl Job {
    pub(crate) fn new(held: Held) -> Self {
        Self(Arc::new(held))
    }

    /// The same in every attempt: what is done outside carries it, so that a second time can be told from a first.
    pub fn id(&self) -> JobId {
        self.0.id
    }

    /// 1 at the first start. Counts starts, also those that did not fail.
    pub fn attempt(&self) -> i64 {
        self.0.attempt
    }

    /// How often it failed before.
    pub fn failures(&self) -> u32 {
        self.0.failures
    }

    pub fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn payload(&self) -> &str {
        &self.0.payload
    }

    /// The scope of whoever asked for it; an error for a job of the installation.
    pub fn scope(&self) -> Result<&Scope> {
        self.0.whose.scope()
    }

    /// On whose behalf a job of the installation runs.
    pub fn installation(&self) -> Result<&Installation> {
        self.0.whose.installation()
    }

    /// What was handed to [`crate::Queue::start`].
    pub fn context<T: 'static>(&self) -> Result<&T> {
        self.0
            .context
            .downcast_ref()
            .ok_or_else(|| Error::internal("the queue was started with another context"))
    }

    /// Whether it should stop: it was cancelled, its node stops, or it was taken back.
    pub fn should_stop(&self) -> bool {
        let told = *self.0.told.borrow();
        told.cancel || told.stop || told.lost
    }

    /// Whether somebody cancelled it.
    pub fn is_cancelled(&self) -> bool {
        self.0.told.borrow().cancel
    }

    /// Resolves when it should stop. A job that does not heed it is cut off at its next await a little later.
    pub async fn stopped(&self) {
        let mut told = self.0.told.clone();
        // An error means that nobody waits for this attempt any more.
        let _ = told.wait_for(|told| told.cancel || told.stop || told.lost).await;
    }

    /// A line in the job's own log.
    pub async fn log(&self, says: impl Into<String>) -> Result<()> {
        self.say(LineKind::Log, says.into()).await
    }

    /// How far it is: `done` of `total`.
    pub async fn progress(&self, done: u64, total: u64) -> Result<()> {
        self.say(LineKind::Progress, format!("{done}/{total}")).await
    }

    async fn say(&self, kind: LineKind, says: String) -> Result<()> {
        let say =
            self.0.db.write_relaxed((self.id(), self.attempt(), says), move |tx, (id, attempt, says)| {
                Box::pin(attempts::say(tx, *id, *attempt, kind, says))
            });
        say.await
    }

    /// Completes the job and writes its effects in ONE transaction, or neither. Refused with `job_taken_back` when this
    /// attempt no longer holds the job. What the closure gives back is kept as the result, unless it is `()`.
    pub fn finish<A, R, F>(&self, args: A, f: F) -> impl Future<Output = Result<Finished>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Serialize + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t Scope, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
    {
        complete(Arc::clone(&self.0), (args, f), |tx, whose, (args, f)| match whose.scope() {
            Ok(scope) => f(tx, scope, args),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        })
    }

    /// The same for a job of the installation.
    pub fn finish_installation<A, R, F>(
        &self,
        args: A,
        f: F,
    ) -> impl Future<Output = Result<Finished>> + Send + 'static
    where
        A: Send + Sync + 'static,
        R: Serialize + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t Installation, &'t A) -> BoxFuture<'t, Result<R>>
            + Send
            + Sync
            + 'static,
    {
        complete(Arc::clone(&self.0), (args, f), |tx, whose, (args, f)| match whose.installation() {
            Ok(by) => f(tx, by, args),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        })
    }

    /// Completes a job that changes nothing here, in one commit with others of that sort.
    pub fn done(&self) -> impl Future<Output = Result<Finished>> + Send + 'static {
        let job = Arc::clone(&self.0);
        async move {
            match job.done.mark((job.id, job.attempt)).await {
                Some(true) => Ok(Finished(())),
                Some(false) => Err(job_taken_back()),
                None => complete(job, (), |_, _, ()| Box::pin(std::future::ready(Ok(())))).await,
            }
        }
    }
}

async fn complete<A, R, F>(job: Arc<Held>, args: A, f: F) -> Result<Finished>
where
    A: Send + Sync + 'static,
    R: Serialize + Send + 'static,
    F: for<'t> Fn(&'t mut Tx, &'t Whose, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
{
    let db = job.db.clone();
    if planted(Fault::AckBeforeEffect) {
        let ack = db.write((job.id, job.attempt), |tx, (id, attempt)| {
            Box::pin(async move {
                let head = attempts::complete(tx, *id, *attempt).await?;
                attempts::completed(tx, &head, None).await
            })
        });
        ack.await?;
        let effect = db.write((job, args, f), |tx, (job, args, f)| {
            Box::pin(async move { f(tx, &job.whose, args).await.map(drop) })
        });
        effect.await?;
        return Ok(Finished(()));
    }
    let complete = db.write((job, args, f), |tx, (job, args, f)| {
        Box::pin(async move {
            let head = attempts::complete(tx, job.id, job.attempt).await?;
            let result = serde_json::to_value(f(tx, &job.whose, args).await?).map_err(Error::internal)?;
            let result = (!result.is_null()).then(|| result.to_string());
            attempts::completed(tx, &head, result.as_deref()).await
        })
    });
    complete.await?;
    Ok(Finished(()))
}
