//! The job's own log, and what the journal is told.

use db::{Read, Tx, params};
use journal::NewEvent;
use serde_json::json;
use types::{Result, Scalar};

use super::many;
use super::rows::{self, Head, JobLine, LineKind};
use crate::JobId;
use crate::reach::Reach;
use crate::whose::Whose;

/// A line is cut after so many characters.
const LONGEST: usize = 2_000;

/// What is kept of a text: neither without end, nor with what no database takes.
pub(crate) fn kept(says: &str) -> String {
    says.chars().filter(|letter| *letter != '\0').take(LONGEST).collect()
}

/// Writes the line with the number that the job just counted up to.
pub(super) async fn write(
    tx: &mut Tx,
    job: JobId,
    number: i64,
    attempt: i64,
    kind: LineKind,
    says: &str,
) -> Result<()> {
    let says = kept(says);
    let sql = "INSERT INTO job_lines (job, number, at, attempt, kind, says) VALUES ($1, $2, $3, $4, $5, $6)";
    let at = tx.now();
    tx.execute(sql, params![job, number, at, attempt, kind.as_str(), says]).await?;
    Ok(())
}

/// The line of a change, and the event if it is one that the journal is told of.
pub(super) async fn changed(tx: &mut Tx, job: &Head, kind: LineKind, says: &str) -> Result<()> {
    write(tx, job.id, job.lines, job.attempt, kind, says).await?;
    tell(tx, job, kind).await
}

/// The lines of many jobs that were just begun, in one statement.
pub(super) async fn begun(tx: &mut Tx, jobs: &[Head]) -> Result<()> {
    all_changed(tx, jobs, LineKind::Running).await
}

/// The lines of many jobs that changed in the same way, with the numbers that they just counted up to.
pub(super) async fn all_changed(tx: &mut Tx, jobs: &[Head], kind: LineKind) -> Result<()> {
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    let Some(list) = many::ids(&ids, 2) else { return Ok(()) };
    let head: [Scalar; 2] = [tx.now().into(), kind.as_str().into()];
    let params: Vec<Scalar> = head.into_iter().chain(list.params).collect();
    let sql = format!(
        "INSERT INTO job_lines (job, number, at, attempt, kind, says) \
         SELECT id, lines, $1, attempt, $2, '' FROM jobs WHERE id IN ({})",
        list.places
    );
    tx.execute(&sql, &params).await?;
    for job in jobs {
        // An attempt after the first has its line only.
        if kind != LineKind::Running || job.attempt == 1 {
            tell(tx, job, kind).await?;
        }
    }
    Ok(())
}

async fn tell(tx: &mut Tx, job: &Head, kind: LineKind) -> Result<()> {
    let event = match kind {
        LineKind::Queued => "job.status.queued",
        LineKind::Running => "job.status.running",
        LineKind::Done => "job.status.done",
        LineKind::Failed => "job.status.failed",
        LineKind::Cancelled => "job.status.cancelled",
        _ => return Ok(()),
    };
    if let (true, Whose::Workspace(scope)) = (job.told, &job.whose) {
        let payload =
            json!({"kind": job.kind, "subject": job.subject, "attempt": job.attempt, "version": job.lines});
        journal::append(tx, scope, NewEvent::new(event, job.id.to_string()).with(payload)).await?;
    }
    Ok(())
}

pub(crate) async fn of_job(
    rx: &mut Read,
    reach: &Reach,
    id: JobId,
    after: i64,
    limit: u32,
) -> Result<Vec<JobLine>> {
    let (own, lane) = reach.condition();
    let sql = format!(
        "SELECT number, at, attempt, job_lines.kind, says FROM job_lines \
         WHERE job = $2 AND number > $3 AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = $2 AND {own}) \
         ORDER BY number LIMIT $4"
    );
    let rows = rx.rows(&sql, params![lane, id, after, limit]).await?;
    rows.into_iter().map(|mut row| rows::line(&mut row)).collect()
}
