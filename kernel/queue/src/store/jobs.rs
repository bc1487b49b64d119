//! Asking for a job, and looking at one.

use db::{Read, Tx, params};
use types::{Error, Result};

use super::lines;
use super::rows::{self, Head, JobRow, LineKind};
use crate::reach::Reach;
use crate::whose::Whose;
use crate::{JobId, NewJob};

pub(crate) async fn insert(tx: &mut Tx, whose: &Whose, job: NewJob) -> Result<JobId> {
    let now = tx.now();
    let lane = whose.lane();
    if let Some(key) = &job.unique
        && let Some(there) = holder(tx, job.kind, &lane, key).await?
    {
        return Ok(there);
    }
    let id = JobId::at(now);
    let told = whose.workspace().is_some() && !job.quiet;
    let (actor, trace) = (whose.actor(), whose.trace());
    let sql = "INSERT INTO jobs (id, kind, queue, workspace, lane, subject, priority, state, ready, run_at, attempt, failures, \
         losses, cancel, lines, told, unique_key, payload, actor_kind, actor_id, actor_label, request_id, trace_id, enqueued_at, put_off_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $9, 0, 0, 0, 0, 1, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18) \
         ON CONFLICT DO NOTHING";
    let params = params![
        id,
        job.kind,
        job.queue,
        whose.workspace(),
        &lane,
        job.subject.clone(),
        job.priority,
        job.delay.is_zero(),
        now.plus(job.delay),
        told,
        job.unique.clone(),
        &job.payload,
        actor.kind.as_str(),
        actor.id.as_ref(),
        &actor.label,
        &trace.request_id,
        &trace.trace_id,
        now
    ];
    if tx.execute(sql, params).await? == 0 {
        // Another transaction was quicker with the same key.
        let there = holder(tx, job.kind, &lane, job.unique.as_deref().unwrap_or_default()).await?;
        return there.ok_or_else(|| {
            Error::unavailable("try_again", "Somebody else asked for the same just now. Try again.")
        });
    }
    let head = Head {
        id,
        kind: job.kind.into(),
        subject: job.subject,
        attempt: 0,
        failures: 0,
        losses: 0,
        cancel: false,
        lines: 1,
        told,
        whose: whose.clone(),
    };
    lines::changed(tx, &head, LineKind::Queued, "").await?;
    Ok(id)
}

/// The job that has the key now.
async fn holder(tx: &mut Tx, kind: &str, lane: &str, key: &str) -> Result<Option<JobId>> {
    let sql = "SELECT id FROM jobs WHERE kind = $1 AND lane = $2 AND unique_key = $3 \
         AND unique_key IS NOT NULL AND state IN ('queued', 'running')";
    let row = tx.row(sql, params![kind, lane, key]).await?;
    Ok(row.map(|mut row| row.take("id")).transpose()?)
}

pub(crate) async fn get(rx: &mut Read, reach: &Reach, id: JobId) -> Result<Option<JobRow>> {
    let (own, lane) = reach.condition();
    let sql = format!("SELECT {} FROM jobs WHERE {own} AND id = $2", rows::JOB);
    rx.row(&sql, params![lane, id]).await?.as_mut().map(rows::job).transpose()
}
