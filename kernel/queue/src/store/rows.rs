//! Rows as they are read, and the words that columns hold.

use std::str::FromStr;

use db::Row;
use types::{Actor, Error, Result, Time, Trace, WorkspaceId};

use crate::JobId;
use crate::whose::{Whose, actor_kind};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$one:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$one])* $variant),+ }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(Error::internal(format!("{} cannot be {other}", stringify!($name)))),
                }
            }
        }
    };
}

words! {
    /// How a job stands.
    State {
        /// It waits: for its time, for a place, for another attempt.
        Queued = "queued",
        Running = "running",
        Done = "done",
        /// No attempt is left. Kept until somebody tries it again.
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

words! {
    /// What a line of a job's log is about.
    LineKind {
        Queued = "queued",
        Running = "running",
        Done = "done",
        Failed = "failed",
        Cancelled = "cancelled",
        /// An attempt failed, and there will be another one.
        AttemptFailed = "attempt_failed",
        /// The node stopped, and gave it back.
        GivenBack = "given_back",
        /// The node died, and it was taken from it.
        TakenBack = "taken_back",
        CancelAsked = "cancel_asked",
        /// What the job says.
        Log = "log",
        /// How far the job is.
        Progress = "progress",
    }
}

/// A job, for whoever may see its workspace.
#[derive(Clone, Debug)]
pub struct JobRow {
    pub id: JobId,
    pub kind: String,
    pub queue: String,
    pub subject: Option<String>,
    pub priority: i64,
    pub state: State,
    /// Not before then.
    pub run_at: Time,
    pub attempt: i64,
    /// Failures since it was last asked for.
    pub failures: u32,
    pub cancel_asked: bool,
    /// JSON, when it is done and had something to tell.
    pub result: Option<String>,
    /// The last failure.
    pub error: Option<String>,
    pub enqueued_at: Time,
    pub started_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// How much of how much is done.
    pub progress: Option<(i64, i64)>,
    pub workspace: Option<WorkspaceId>,
    /// Rises with every change; the number of the last line of its log.
    pub version: i64,
}

/// A queue, and what is in it.
#[derive(Clone, Debug)]
pub struct QueueRow {
    pub name: String,
    pub ready: i64,
    pub delayed: i64,
    pub running: i64,
    pub failed: i64,
    /// Since when the oldest ready job could have run.
    pub oldest: Option<Time>,
    /// Since when nothing is taken from it, and who said so.
    pub paused: Option<(Time, String)>,
}

impl QueueRow {
    pub const fn empty(name: String) -> Self {
        Self { name, ready: 0, delayed: 0, running: 0, failed: 0, oldest: None, paused: None }
    }
}

/// A schedule as the database knows it.
#[derive(Clone, Debug)]
pub struct ScheduleRow {
    pub name: String,
    pub cron: String,
    pub next_at: Time,
    pub last_at: Option<Time>,
}

/// One line of a job's log.
#[derive(Clone, Debug)]
pub struct JobLine {
    pub number: i64,
    pub at: Time,
    pub attempt: i64,
    pub kind: LineKind,
    pub says: String,
}

pub(super) const JOB: &str = "id, kind, queue, subject, priority, state, run_at, attempt, failures, cancel, result, error, \
     enqueued_at, started_at, ended_at, lines, progress_done, progress_total, workspace";

pub(super) fn job(row: &mut Row) -> Result<JobRow> {
    Ok(JobRow {
        id: row.take("id")?,
        kind: row.take("kind")?,
        queue: row.take("queue")?,
        subject: row.take("subject")?,
        priority: row.take("priority")?,
        state: row.take::<String>("state")?.parse()?,
        run_at: row.take("run_at")?,
        attempt: row.take("attempt")?,
        failures: count(row.take("failures")?),
        cancel_asked: row.take("cancel")?,
        result: row.take("result")?,
        error: row.take("error")?,
        enqueued_at: row.take("enqueued_at")?,
        started_at: row.take("started_at")?,
        ended_at: row.take("ended_at")?,
        progress: Option::zip(row.take("progress_done")?, row.take("progress_total")?),
        workspace: row.take("workspace")?,
        version: row.take("lines")?,
    })
}

pub(super) fn line(row: &mut Row) -> Result<JobLine> {
    Ok(JobLine {
        number: row.take("number")?,
        at: row.take("at")?,
        attempt: row.take("attempt")?,
        kind: row.take::<String>("kind")?.parse()?,
        says: row.take("says")?,
    })
}

/// What a change of state needs to know of a job.
pub(super) const HEAD: &str = "id, kind, subject, attempt, failures, losses, cancel, lines, told, workspace, \
     actor_kind, actor_id, actor_label, request_id, trace_id";

/// A job whose state is being changed.
pub(crate) struct Head {
    pub id: JobId,
    pub kind: String,
    pub subject: Option<String>,
    pub attempt: i64,
    pub failures: u32,
    pub losses: u32,
    pub cancel: bool,
    pub lines: i64,
    /// Whether the journal is told.
    pub told: bool,
    pub whose: Whose,
}

pub(super) fn head(row: &mut Row) -> Result<Head> {
    let workspace: Option<WorkspaceId> = row.take("workspace")?;
    let actor = Actor {
        kind: actor_kind(&row.take::<String>("actor_kind")?)?,
        id: row.take("actor_id")?,
        label: row.take("actor_label")?,
    };
    let trace = Trace { request_id: row.take("request_id")?, trace_id: row.take("trace_id")?, origin: None };
    Ok(Head {
        id: row.take("id")?,
        kind: row.take("kind")?,
        subject: row.take("subject")?,
        attempt: row.take("attempt")?,
        failures: count(row.take("failures")?),
        losses: count(row.take("losses")?),
        cancel: row.take("cancel")?,
        lines: row.take("lines")?,
        told: row.take("told")?,
        whose: Whose::kept(workspace, actor, trace),
    })
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
