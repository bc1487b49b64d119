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
mod reach;
mod run;
mod running;
mod schedule;
mod store;
mod whose;
mod worker;

use db::{Migrations, Read, Tx};
use query::{List, Page, SortColumn, SortField, SortFields};
use telemetry::metrics::{Meaning, counter, gauge, histogram};
use types::{Installation, Result, Scope, Time, WorkspaceId, typed_id};

pub use error::{job_taken_back, not_again};
pub use job::{Finished, Job};
pub use kind::{Kind, NewJob, Registered, Retry};
pub use reach::Reach;
pub use schedule::Schedule;
pub use store::{JobLine, JobRow, LineKind, QueueRow, ScheduleRow, State};
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

pub const MIGRATIONS: Migrations = Migrations {
    system: "queue",
    steps: &[
        db::migration!("0001_jobs"),
        db::migration!("0002_schedules"),
        db::migration!("0003_watching"),
        db::migration!("0004_held_lanes"),
        db::migration!("0005_put_off"),
    ],
};

/// What is counted of jobs here. How full the queues are is measured by `systems/jobs`.
pub const METRICS: &[Meaning] = &[
    counter(
        "jobs_attempts_total",
        "Attempts that ended on this node, by kind and outcome: done, failed, gave_up, cancelled, given_back, lost.",
    ),
    counter("jobs_taken_back_total", "Jobs that this node took back from nodes that are gone."),
    counter(
        "jobs_not_yielding_total",
        "Attempts that could not be cut off because they never wait, by kind.",
    ),
    gauge("jobs_running", "Jobs that run on this node, by kind."),
    histogram("jobs_run_seconds", "How long attempts took, by kind."),
    histogram("jobs_wait_seconds", "From the time a job could have run to its start, by kind."),
];

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

/// A job.
pub async fn get(rx: &mut Read, reach: impl Into<Reach>, id: JobId) -> Result<Option<JobRow>> {
    store::jobs::get(rx, &reach.into(), id).await
}

/// What narrows a list of jobs: each that is there has to be equal.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    pub kind: Option<String>,
    pub state: Option<State>,
    pub queue: Option<String>,
    pub subject: Option<String>,
}

/// A part of the list of jobs.
pub async fn page(
    rx: &mut Read,
    reach: impl Into<Reach>,
    narrow: &Narrow,
    list: &List,
) -> Result<Page<JobRow>> {
    store::watch::page(rx, &reach.into(), narrow, list).await
}

/// The log of a job, after a line of it.
pub async fn lines(
    rx: &mut Read,
    reach: impl Into<Reach>,
    id: JobId,
    after: i64,
    limit: u32,
) -> Result<Vec<JobLine>> {
    store::lines::of_job(rx, &reach.into(), id, after, limit).await
}

/// How the log of a job can be sorted.
pub const LOG: SortFields = SortFields {
    fields: &[SortField { name: "number", columns: &[NUMBER] }],
    default: "number",
    tie: NUMBER,
};
const NUMBER: SortColumn = SortColumn::new("number", query::Kind::Int);

/// A part of the log of a job, in the order of [`LOG`]. Empty when there is no such job.
pub async fn log(rx: &mut Read, reach: impl Into<Reach>, id: JobId, list: &List) -> Result<Page<JobLine>> {
    store::watch::log(rx, &reach.into(), id, list).await
}

/// A queued job is cancelled at once; a running one is told, and is cancelled when it stops. 404 for a job that is out of
/// reach, 409 `job_ended` for one that has ended.
pub async fn cancel(tx: &mut Tx, reach: impl Into<Reach>, id: JobId) -> Result<State> {
    store::steer::cancel(tx, &reach.into(), id).await
}

/// Gives a job that failed or was cancelled all its attempts anew. 409 `job_not_ended` for any other, and
/// `already_exists` when another job holds its unique key by now.
pub async fn retry(tx: &mut Tx, reach: impl Into<Reach>, id: JobId) -> Result<()> {
    store::steer::retry(tx, &reach.into(), id).await
}

/// Every queue that holds something or is paused. Counted are at most 50,000 ready jobs of a kind, 50,000 failed ones of a
/// queue, and 50,000 delayed ones in all.
pub async fn queues(rx: &mut Read, by: &Installation) -> Result<Vec<QueueRow>> {
    store::watch::queues(rx, by).await
}

/// Every schedule that was ever made known, by name.
pub async fn schedules(rx: &mut Read, by: &Installation) -> Result<Vec<ScheduleRow>> {
    store::watch::schedules(rx, by).await
}

/// The kinds that nodes which live run now.
pub async fn run_somewhere(rx: &mut Read) -> Result<Vec<String>> {
    store::watch::run_somewhere(rx).await
}

/// The queues from which nothing is taken.
pub async fn paused(rx: &mut Read) -> Result<Vec<String>> {
    store::watch::paused(rx).await
}

/// The workspaces whose jobs wait.
pub async fn held(rx: &mut Read) -> Result<Vec<WorkspaceId>> {
    store::watch::held(rx).await
}

/// The kinds of which something is ready to run.
pub async fn waiting(rx: &mut Read, by: &Installation) -> Result<Vec<String>> {
    store::watch::waiting(rx, by).await
}

/// Takes nothing more from a queue, on any node; what runs goes on.
pub async fn pause(tx: &mut Tx, by: &Installation, queue: &str) -> Result<()> {
    store::steer::pause(tx, by, queue).await
}

/// Takes from it again.
pub async fn resume(tx: &mut Tx, by: &Installation, queue: &str) -> Result<()> {
    store::steer::resume(tx, by, queue).await
}

/// Lets the jobs of a workspace wait, on every node, or no longer; what runs goes on.
pub async fn hold(tx: &mut Tx, scope: &Scope, held: bool) -> Result<()> {
    store::steer::hold(tx, scope, held).await
}

/// Removes a batch of the jobs of a workspace that is being forgotten, and tells how many. What runs finds its job gone.
pub async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    store::steer::forget(tx, scope, most).await
}

/// Forgets a batch of jobs that were done or cancelled before, and tells how many. Failed ones are kept for review.
pub async fn prune(tx: &mut Tx, by: &Installation, before: Time) -> Result<u64> {
    store::steer::prune(tx, by, before, BATCH).await
}

/// Jobs in a batch of [`prune`].
pub const BATCH: u32 = 500;
