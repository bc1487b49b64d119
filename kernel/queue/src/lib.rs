//! The durable queue: work that exists exactly if the commit that asked for it does, and that outlives any crash.
//!
//! Owns jobs, their own log, who runs them, and when they run again. Refuses to know what a job does, and who may
//! look at one: kinds are handed in by the systems, and `systems/jobs` shows them.

mod done;
mod error;
mod fair;
pub mod faults;
mod job;
mod kind;
mod node;
mod run;
mod running;
mod schedule;
mod store;
mod whose;
mod worker;

use db::{Migrations, Read, Tx};
use types::{Installation, Result, Scope, Time, typed_id};

pub use error::{job_taken_back, not_again};
pub use job::{Finished, Job};
pub use kind::{Kind, NewJob, Registered, Retry};
pub use schedule::Schedule;
pub use store::{JobLine, JobRow, LineKind, State};
pub use worker::{Options, Queue};

typed_id!(
    /// A job.
    JobId,
    "job"
);

typed_id!(
    /// A process that runs jobs, from its start to its end.
    NodeId,
    "nod"
);

pub const MIGRATIONS: Migrations =
    Migrations { system: "queue", steps: &[db::migration!("0001_jobs"), db::migration!("0002_schedules")] };

/// What the journal is told of jobs that somebody asked for in a workspace. Attempts are in the job's own log only.
pub const EVENTS: [(&str, &str); 5] = [
    ("job.status.queued", "A job was asked for, or asked for again."),
    ("job.status.running", "A job was begun."),
    ("job.status.done", "A job is done."),
    ("job.status.failed", "A job failed, and no attempt is left."),
    ("job.status.cancelled", "A job was cancelled."),
];

/// Asks for a job, in the transaction of the change that wants it. With a unique key that a queued or running job of
/// the same kind and workspace holds, that one is meant, and nothing is added.
pub async fn enqueue(tx: &mut Tx, scope: &Scope, job: NewJob) -> Result<JobId> {
    store::jobs::insert(tx, &whose::Whose::Workspace(scope.clone()), job).await
}

/// The same for work that belongs to no workspace.
pub async fn enqueue_installation(tx: &mut Tx, by: &Installation, job: NewJob) -> Result<JobId> {
    store::jobs::insert(tx, &whose::Whose::Installation(by.clone()), job).await
}

/// A job of the workspace.
pub async fn get(rx: &mut Read, scope: &Scope, id: JobId) -> Result<Option<JobRow>> {
    store::jobs::get(rx, scope, id).await
}

/// The log of a job of the workspace, after a line of it.
pub async fn lines(rx: &mut Read, scope: &Scope, id: JobId, after: i64, limit: u32) -> Result<Vec<JobLine>> {
    store::lines::of_job(rx, scope, id, after, limit).await
}

/// A queued job is cancelled at once; a running one is told, and is cancelled when it stops. 404 for a job that the
/// workspace does not have, 409 `job_ended` for one that has ended.
pub async fn cancel(tx: &mut Tx, scope: &Scope, id: JobId) -> Result<State> {
    store::steer::cancel(tx, scope, id).await
}

/// Gives a job that failed or was cancelled all its attempts anew. 409 `job_not_ended` for any other, and
/// `already_exists` when another job holds its unique key by now.
pub async fn retry(tx: &mut Tx, scope: &Scope, id: JobId) -> Result<()> {
    store::steer::retry(tx, scope, id).await
}

/// Takes nothing more from a queue, on any node; what runs goes on.
pub async fn pause(tx: &mut Tx, by: &Installation, queue: &str) -> Result<()> {
    store::steer::pause(tx, by, queue).await
}

/// Takes from it again.
pub async fn resume(tx: &mut Tx, by: &Installation, queue: &str) -> Result<()> {
    store::steer::resume(tx, by, queue).await
}

/// Forgets a batch of jobs that were done or cancelled before, and tells how many. Failed ones are kept for review.
pub async fn prune(tx: &mut Tx, by: &Installation, before: Time) -> Result<u64> {
    store::steer::prune(tx, by, before, BATCH).await
}

/// Jobs in a batch of [`prune`].
pub const BATCH: u32 = 500;
