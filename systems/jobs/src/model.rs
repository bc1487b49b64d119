//! A job as it is shown.

use db::Read;
use queue::{JobId, JobLine, JobRow, State};
use serde::Serialize;
use types::{Result, Time, WorkspaceId};
use utoipa::ToSchema;
use web::{App, Thing};

/// A job.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobOut {
    #[schema(value_type = String)]
    id: JobId,
    /// What is done, `noun.verb`.
    kind: String,
    /// What can be paused at once.
    queue: String,
    /// The id of the thing that it is about.
    subject: Option<String>,
    /// `queued` (also while it waits for its time or another attempt), `running`, `done`, `failed` or `cancelled`.
    #[schema(value_type = String)]
    pub(crate) state: &'static str,
    /// Why it will not begin by itself: nobody knows its kind, nobody runs it, or its queue or workspace is paused.
    stuck: Option<Stuck>,
    /// Higher goes first, among the jobs of one workspace and kind.
    priority: i64,
    /// Not before then.
    #[schema(value_type = String, format = DateTime)]
    run_at: Time,
    /// How often it was begun.
    attempt: i64,
    /// How often it failed since it was last asked for.
    failures: u32,
    progress: Option<ProgressOut>,
    /// Whether somebody asked it to stop.
    cancel_asked: bool,
    /// What it left when it was done.
    #[schema(value_type = Option<Object>)]
    pub(crate) result: Option<serde_json::Value>,
    /// The last failure, `code: what happened`.
    error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
    /// Rises with every change; the number of the last line of its log.
    pub(crate) version: i64,
    /// Whether it belongs to no workspace.
    #[serde(skip)]
    of_installation: bool,
}

/// How far a job is.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProgressOut {
    done: i64,
    total: i64,
}

/// Why a queued job will not begin by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stuck {
    /// No version that runs now knows the kind.
    UnknownKind,
    /// The kind is known, and no process that lives runs jobs of it.
    NoWorker,
    QueuePaused,
    /// Its workspace is paused, suspended, archived or deleted.
    WorkspaceHeld,
}

/// One line of a job's log.
#[derive(Serialize, ToSchema)]
pub(crate) struct LineOut {
    /// From 1 on; the id to resume a stream from. Numbers may be missing.
    pub(crate) number: i64,
    /// `queued`, `running`, `attempt_failed`, `given_back`, `taken_back`, `cancel_asked`, `log`, `progress`, `done`,
    /// `failed` or `cancelled`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub(crate) kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Time,
    /// During which attempt; 0 before the first.
    attempt: i64,
    /// What the job says, or who did it.
    says: String,
}

impl From<JobLine> for LineOut {
    fn from(line: JobLine) -> Self {
        Self {
            number: line.number,
            kind: line.kind.as_str(),
            occurred_at: line.at,
            attempt: line.attempt,
            says: line.says,
        }
    }
}

/// What decides whether a queued job can begin.
pub(crate) struct Around {
    known: Vec<&'static str>,
    run: Vec<String>,
    paused: Vec<String>,
    held: Vec<WorkspaceId>,
}

impl Around {
    pub(crate) async fn look(rx: &mut Read, known: &[&'static str]) -> Result<Self> {
        Ok(Self {
            known: known.to_vec(),
            run: queue::run_somewhere(rx).await?,
            paused: queue::paused(rx).await?,
            held: queue::held(rx).await?,
        })
    }

    fn stuck(&self, job: &JobRow) -> Option<Stuck> {
        if job.state != State::Queued {
            return None;
        }
        match (self.run.contains(&job.kind), self.known.contains(&job.kind.as_str())) {
            (false, false) => Some(Stuck::UnknownKind),
            (false, true) => Some(Stuck::NoWorker),
            (true, _) if self.paused.contains(&job.queue) => Some(Stuck::QueuePaused),
            (true, _) => {
                job.workspace.is_some_and(|one| self.held.contains(&one)).then_some(Stuck::WorkspaceHeld)
            }
        }
    }

    pub(crate) fn show(&self, job: JobRow) -> JobOut {
        JobOut {
            stuck: self.stuck(&job),
            id: job.id,
            kind: job.kind,
            queue: job.queue,
            subject: job.subject,
            state: job.state.as_str(),
            priority: job.priority,
            run_at: job.run_at,
            attempt: job.attempt,
            failures: job.failures,
            progress: job.progress.map(|(done, total)| ProgressOut { done, total }),
            cancel_asked: job.cancel_asked,
            result: job.result.and_then(|text| serde_json::from_str(&text).ok()),
            error: job.error,
            created_at: job.enqueued_at,
            started_at: job.started_at,
            ended_at: job.ended_at,
            version: job.version,
            of_installation: job.workspace.is_none(),
        }
    }
}

/// The kinds that this version knows.
pub(crate) fn known(app: &App) -> Vec<&'static str> {
    web::kinds(app.systems()).into_iter().map(|kind| kind.name).collect()
}

impl Thing for JobOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    /// Queues and workspaces are paused and workers come and go without a change of the job, and a clock that was set back
    /// moves its time.
    fn beside(&self) -> Option<String> {
        (self.state == State::Queued.as_str())
            .then(|| format!("{:?} {}", self.stuck, self.run_at.as_millis()))
    }

    fn path(&self) -> String {
        let of = if self.of_installation { "/api/v1/installation/jobs" } else { "/api/v1/jobs" };
        format!("{of}/{}", self.id)
    }
}
