//! How an attempt ends. Every statement asks for the attempt that it belongs to: whoever lost the job changes nothing.

use std::time::Duration;

use db::{Tx, params};
use types::{Result, Scalar};

use super::rows::{self, Head, LineKind, State};
use super::{lines, many};
use crate::JobId;
use crate::error::job_taken_back;
use crate::faults::{Fault, planted};

/// A job is given up when so many nodes died while they ran it: it may be what kills them.
const LOSSES: u32 = 10;

/// Marks it as done, if this attempt still holds it. First in its transaction: the row is locked from here on.
pub(crate) async fn complete(tx: &mut Tx, id: JobId, attempt: i64) -> Result<Head> {
    let fence = if planted(Fault::NoFencing) {
        "attempt + $2 >= attempt"
    } else {
        "attempt = $2 AND state = 'running'"
    };
    let sql = format!(
        "UPDATE jobs SET state = 'done', ended_at = $3, node = NULL, error = NULL, lines = lines + 1 \
         WHERE id = $1 AND {fence} RETURNING {}",
        rows::HEAD
    );
    let now = tx.now();
    let mut row = tx.row(&sql, params![id, attempt, now]).await?.ok_or_else(job_taken_back)?;
    rows::head(&mut row)
}

/// The result, the line and the event of what was completed.
pub(crate) async fn completed(tx: &mut Tx, head: &Head, result: Option<&str>) -> Result<()> {
    if let Some(result) = result {
        tx.execute("UPDATE jobs SET result = $2 WHERE id = $1", params![head.id, result]).await?;
    }
    lines::changed(tx, head, LineKind::Done, "").await
}

/// Marks as done those that still hold their job, and tells which. An error when a later attempt holds one of the jobs:
/// then the whole counts for nothing, and each has to be tried alone. Of the list the size is one of a few, so that its
/// statements are prepared only once.
pub(crate) async fn all_done(tx: &mut Tx, keys: &[(JobId, i64)]) -> Result<Vec<JobId>> {
    let ids: Vec<JobId> = keys.iter().map(|(id, _)| *id).collect();
    let Some(list) = many::ids(&ids, 1) else { return Ok(ids) };
    let now = tx.now();
    let params: Vec<Scalar> = std::iter::once(now.into()).chain(list.params).collect();
    let sql = format!(
        "UPDATE jobs SET state = 'done', ended_at = $1, node = NULL, error = NULL, lines = lines + 1 \
         WHERE id IN ({}) AND state = 'running' RETURNING {}",
        list.places,
        rows::HEAD
    );
    let mut heads = Vec::with_capacity(keys.len());
    for mut row in tx.rows(&sql, &params).await? {
        let head = rows::head(&mut row)?;
        if !keys.contains(&(head.id, head.attempt)) && !planted(Fault::NoFencing) {
            return Err(job_taken_back());
        }
        heads.push(head);
    }
    lines::all_changed(tx, &heads, LineKind::Done).await?;
    Ok(heads.into_iter().map(|head| head.id).collect())
}

/// How an attempt ended without its job being done.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// It failed; with the time until the next attempt, if there is one.
    Failed {
        error: String,
        again: Option<Duration>,
    },
    Cancelled,
    /// The node stops; it costs no attempt.
    GivenBack,
}

impl Ending {
    /// For the numbers.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Failed { again: Some(_), .. } => "failed",
            Self::Failed { again: None, .. } => "gave_up",
            Self::Cancelled => "cancelled",
            Self::GivenBack => "given_back",
        }
    }
}

/// Tells whether it still held the job. What would be tried again is cancelled instead when somebody asked for that: the
/// attempt may end before it hears of it.
pub(crate) async fn end(tx: &mut Tx, id: JobId, attempt: i64, ending: &Ending) -> Result<bool> {
    let now = tx.now();
    let (state, kind, error, pause, failed) = match ending {
        Ending::Failed { error, again: Some(pause) } => {
            (State::Queued, LineKind::AttemptFailed, Some(error), *pause, true)
        }
        Ending::Failed { error, again: None } => {
            (State::Failed, LineKind::Failed, Some(error), Duration::ZERO, true)
        }
        Ending::Cancelled => (State::Cancelled, LineKind::Cancelled, None, Duration::ZERO, false),
        Ending::GivenBack => (State::Queued, LineKind::GivenBack, None, Duration::ZERO, false),
    };
    let sql = format!(
        "UPDATE jobs SET state = CASE WHEN $3 = 'queued' AND cancel = 1 THEN 'cancelled' ELSE $3 END, \
         ended_at = CASE WHEN $3 = 'queued' AND cancel = 0 THEN ended_at ELSE $8 END, \
         ready = $4, run_at = $5, put_off_at = $8, error = COALESCE($6, error), failures = failures + $7, node = NULL, lines = lines + 1 \
         WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING state, {}",
        rows::HEAD
    );
    let params = params![
        id,
        attempt,
        state.as_str(),
        pause.is_zero(),
        now.plus(pause),
        error.cloned(),
        i64::from(failed),
        now
    ];
    let Some(mut row) = tx.row(&sql, params).await? else { return Ok(false) };
    let kind = match row.take::<String>("state")?.parse()? {
        State::Cancelled => LineKind::Cancelled,
        _ => kind,
    };
    let head = rows::head(&mut row)?;
    lines::changed(tx, &head, kind, error.map_or("", String::as_str)).await?;
    Ok(true)
}

/// Lines that a job itself may write, until it is tried again by hand.
const SAID: i64 = 1_000;

/// What a running job says: a line, as long as there are not too many of them. Refused when it was taken back.
pub(crate) async fn say(tx: &mut Tx, id: JobId, attempt: i64, says: &Says) -> Result<()> {
    let (done, total) = match says {
        Says::Line(_) => (None, None),
        Says::Progress(done, total) => (Some(*done), Some(*total)),
    };
    let sql = "UPDATE jobs SET lines = lines + 1, said = said + 1, progress_done = COALESCE($3, progress_done), \
         progress_total = COALESCE($4, progress_total) \
         WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING lines, said";
    let row = tx.row(sql, params![id, attempt, done, total]).await?;
    let mut row = row.ok_or_else(job_taken_back)?;
    let (number, said): (i64, i64) = (row.take("lines")?, row.take("said")?);
    if said > SAID {
        return Ok(());
    }
    if said == SAID {
        let last = "The log of this job is full: what it says from here on is not kept.";
        return lines::write(tx, id, number, attempt, LineKind::Log, last).await;
    }
    match says {
        Says::Line(text) => lines::write(tx, id, number, attempt, LineKind::Log, text).await,
        Says::Progress(done, total) => {
            lines::write(tx, id, number, attempt, LineKind::Progress, &format!("{done}/{total}")).await
        }
    }
}

/// What a job can say.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Line(String),
    Progress(i64, i64),
}

/// Takes back one job of a node that is dead.
pub(super) async fn take_back(tx: &mut Tx, mut head: Head) -> Result<()> {
    head.lines += 1;
    head.losses += 1;
    let now = tx.now();
    let (state, kind, says) = if head.cancel {
        ("cancelled", LineKind::Cancelled, "")
    } else if head.losses >= LOSSES {
        ("failed", LineKind::Failed, "job_lost: too many nodes died while they ran it")
    } else {
        ("queued", LineKind::TakenBack, "")
    };
    let ended = (state != "queued").then_some(now);
    let error = (kind == LineKind::Failed).then_some(says);
    let sql = "UPDATE jobs SET state = $3, ready = 1, run_at = $4, losses = $5, ended_at = $6, \
         error = COALESCE($7, error), node = NULL, lines = lines + 1 WHERE id = $1 AND attempt = $2 AND state = 'running'";
    let params = params![head.id, head.attempt, state, now, head.losses, ended, error];
    if tx.execute(sql, params).await? == 1 {
        lines::changed(tx, &head, kind, says).await?;
    }
    Ok(())
}
