//! What people do to jobs and queues.

use db::{Tx, params};
use types::{Error, Installation, Result, Scope, Time};

use super::lines;
use super::rows::{self, Head, LineKind, State};
use crate::JobId;
use crate::reach::Reach;

pub(crate) async fn cancel(tx: &mut Tx, reach: &Reach, id: JobId) -> Result<State> {
    let now = tx.now();
    let (own, lane) = reach.condition();
    let sql = format!(
        "UPDATE jobs SET state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, \
         ended_at = CASE WHEN state = 'queued' THEN $3 ELSE ended_at END, cancel = 1, lines = lines + 1 \
         WHERE {own} AND id = $2 AND state IN ('queued', 'running') RETURNING state, {}",
        rows::HEAD
    );
    let Some(mut row) = tx.row(&sql, params![lane, id, now]).await? else {
        let state = standing(tx, reach, id).await?;
        return Err(Error::conflict("job_ended", "The job has ended.").with("state", state));
    };
    let state: State = row.take::<String>("state")?.parse()?;
    let kind = if state == State::Cancelled { LineKind::Cancelled } else { LineKind::CancelAsked };
    lines::changed(tx, &by(reach, rows::head(&mut row)?), kind, reach.label()).await?;
    Ok(state)
}

pub(crate) async fn retry(tx: &mut Tx, reach: &Reach, id: JobId) -> Result<()> {
    let now = tx.now();
    let (own, lane) = reach.condition();
    let sql = format!(
        "UPDATE jobs SET state = 'queued', ready = 1, run_at = $3, failures = 0, losses = 0, cancel = 0, ended_at = NULL, \
         progress_done = NULL, progress_total = NULL, said = 0, lines = lines + 1 \
         WHERE {own} AND id = $2 AND state IN ('failed', 'cancelled') RETURNING {}",
        rows::HEAD
    );
    let Some(mut row) = tx.row(&sql, params![lane, id, now]).await? else {
        let state = standing(tx, reach, id).await?;
        let message = "Only a job that failed or was cancelled can be tried again.";
        return Err(Error::conflict("job_not_ended", message).with("state", state));
    };
    lines::changed(tx, &by(reach, rows::head(&mut row)?), LineKind::Queued, reach.label()).await
}

/// The journal names whoever does it now, not whoever asked for the job.
fn by(reach: &Reach, job: Head) -> Head {
    Head { whose: reach.by(&job.whose), ..job }
}

/// Nothing was changed: because there is no such job, or because of how it stands.
async fn standing(tx: &mut Tx, reach: &Reach, id: JobId) -> Result<&'static str> {
    let job = super::jobs::get(tx, reach, id).await?.ok_or_else(Error::not_found)?;
    Ok(job.state.as_str())
}

pub(crate) async fn pause(tx: &mut Tx, by: &Installation, queue: &str) -> Result<()> {
    let now = tx.now();
    let sql =
        "INSERT INTO queue_pauses (queue, paused_at, paused_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![queue, now, &by.actor().label]).await?;
    Ok(())
}

pub(crate) async fn resume(tx: &mut Tx, _: &Installation, queue: &str) -> Result<()> {
    tx.execute("DELETE FROM queue_pauses WHERE queue = $1", params![queue]).await?;
    Ok(())
}

pub(crate) async fn hold(tx: &mut Tx, scope: &Scope, held: bool) -> Result<()> {
    let (now, lane) = (tx.now(), scope.workspace().to_string());
    if held {
        let sql = "INSERT INTO queue_held_lanes (lane, held_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        tx.execute(sql, params![lane, now]).await?;
    } else {
        tx.execute("DELETE FROM queue_held_lanes WHERE lane = $1", params![lane]).await?;
    }
    Ok(())
}

pub(crate) async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    let some = "SELECT id FROM jobs WHERE workspace = $1 ORDER BY enqueued_at, id LIMIT $2";
    let sql = format!("DELETE FROM job_lines WHERE job IN ({some})");
    tx.execute(&sql, params![scope.workspace(), most]).await?;
    let sql = format!("DELETE FROM jobs WHERE id IN ({some})");
    Ok(tx.execute(&sql, params![scope.workspace(), most]).await?)
}

pub(crate) async fn prune(tx: &mut Tx, _: &Installation, before: Time, batch: u32) -> Result<u64> {
    let old = "SELECT id FROM jobs WHERE state IN ('done', 'cancelled') AND ended_at < $1 ORDER BY ended_at, id LIMIT $2";
    let sql = format!("DELETE FROM job_lines WHERE job IN ({old})");
    tx.execute(&sql, params![before, batch]).await?;
    let sql = format!("DELETE FROM jobs WHERE id IN ({old})");
    Ok(tx.execute(&sql, params![before, batch]).await?)
}
