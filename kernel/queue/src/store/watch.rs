//! What is looked at from outside: lists of jobs and lines, queues, schedules, and who runs what.

use db::{Read, Row, params};
use query::{List, Page, Select};
use types::{Error, Installation, Result, Scalar, Time, WorkspaceId};

use super::rows::{self, JobLine, JobRow, QueueRow, ScheduleRow};
use crate::reach::Reach;
use crate::{JobId, Narrow};

/// So many jobs of each sort are counted at most: a look stays cheap however much waits.
const COUNTED: u32 = 50_000;

pub(crate) async fn page(rx: &mut Read, reach: &Reach, narrow: &Narrow, list: &List) -> Result<Page<JobRow>> {
    let select = match reach {
        Reach::Workspace(scope) => Select::scoped(scope, "jobs", rows::JOB),
        Reach::Installation(by) => Select::installation(by, "jobs", rows::JOB).and("workspace IS NULL", []),
        Reach::Everywhere(by) => Select::installation(by, "jobs", rows::JOB),
    };
    let select = select
        .only("kind", narrow.kind.as_deref())
        .only("state", narrow.state.map(super::State::as_str))
        .only("queue", narrow.queue.as_deref())
        .only("subject", narrow.subject.as_deref());
    query::page(rx, select, list, rows::job).await
}

/// The log of a job.
pub(crate) async fn log(rx: &mut Read, reach: &Reach, id: JobId, list: &List) -> Result<Page<JobLine>> {
    let select = match reach {
        Reach::Workspace(scope) => Select::scoped_by(scope, "jobs.workspace", LOG, COLUMNS),
        Reach::Installation(by) => Select::installation(by, LOG, COLUMNS).and("jobs.workspace IS NULL", []),
        Reach::Everywhere(by) => Select::installation(by, LOG, COLUMNS),
    };
    query::page(rx, select.and("job = $1", [id.into()]), list, rows::line).await
}

const LOG: &str = "job_lines JOIN jobs ON jobs.id = job_lines.job";
const COLUMNS: &str = "number, at, job_lines.attempt AS attempt, job_lines.kind AS kind, says";

/// Every queue that holds something or is paused, by name. What is full hides nothing else that is ready or failed: those
/// are counted kind by kind and queue by queue.
pub(crate) async fn queues(rx: &mut Read, by: &Installation) -> Result<Vec<QueueRow>> {
    let ready = waiting(rx, by).await?;
    let failed = texts(rx, &each("queue", "state = 'failed'")).await?;
    let part = |condition: String| {
        format!(
            "SELECT queue, state, ready, COUNT(*) AS many, MIN(run_at) AS oldest \
             FROM (SELECT queue, state, ready, run_at FROM jobs WHERE {condition} LIMIT $1) AS part \
             GROUP BY queue, state, ready"
        )
    };
    let mut parts = vec![part("state = 'queued' AND ready = 0".into()), part("state = 'running'".into())];
    let mut params: Vec<Scalar> = vec![COUNTED.into()];
    for (names, condition) in
        [(ready, "state = 'queued' AND ready = 1 AND kind = $"), (failed, "state = 'failed' AND queue = $")]
    {
        for name in names {
            params.push(name.into());
            parts.push(part(format!("{condition}{}", params.len())));
        }
    }
    let mut all: Vec<QueueRow> = Vec::new();
    for mut row in rx.rows(&parts.join(" UNION ALL "), &params).await? {
        let queue = entry(&mut all, row.take("queue")?);
        let (state, ready, many): (String, bool, i64) =
            (row.take("state")?, row.take("ready")?, row.take("many")?);
        match (state.as_str(), ready) {
            ("queued", true) => {
                let oldest: Option<Time> = row.take("oldest")?;
                queue.oldest = queue.oldest.into_iter().chain(oldest).min();
                queue.ready += many;
            }
            ("queued", false) => queue.delayed = many,
            ("running", _) => queue.running += many,
            _ => queue.failed += many,
        }
    }
    for mut row in rx.rows("SELECT queue, paused_at, paused_by FROM queue_pauses", params![]).await? {
        let queue = entry(&mut all, row.take("queue")?);
        queue.paused = Some((row.take("paused_at")?, row.take("paused_by")?));
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn entry(all: &mut Vec<QueueRow>, name: String) -> &mut QueueRow {
    let at = all.iter().position(|queue| queue.name == name).unwrap_or_else(|| {
        all.push(QueueRow::empty(name));
        all.len() - 1
    });
    &mut all[at]
}

pub(crate) async fn schedules(rx: &mut Read, _: &Installation) -> Result<Vec<ScheduleRow>> {
    let rows = rx.rows("SELECT name, cron, next_at, last_at FROM queue_schedules ORDER BY name", params![]);
    let read = |mut row: Row| {
        Ok(ScheduleRow {
            name: row.take("name")?,
            cron: row.take("cron")?,
            next_at: row.take("next_at")?,
            last_at: row.take("last_at")?,
        })
    };
    rows.await?.into_iter().map(read).collect()
}

/// The kinds that living nodes run.
pub(crate) async fn run_somewhere(rx: &mut Read) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for mut row in rx.rows("SELECT DISTINCT kinds FROM job_nodes", params![]).await? {
        let kinds: String = row.take("kinds")?;
        all.extend(kinds.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned));
    }
    Ok(all)
}

pub(crate) async fn paused(rx: &mut Read) -> Result<Vec<String>> {
    let rows = rx.rows("SELECT queue FROM queue_pauses", params![]).await?;
    rows.into_iter().map(|mut row| Ok(row.take("queue")?)).collect()
}

pub(crate) async fn held(rx: &mut Read) -> Result<Vec<WorkspaceId>> {
    let rows = rx.rows("SELECT lane FROM queue_held_lanes", params![]).await?;
    let lanes = rows.into_iter().map(|mut row| row.take::<String>("lane"));
    lanes.map(|lane| lane?.parse().map_err(Error::internal)).collect()
}

/// The kinds of which something waits.
pub(crate) async fn waiting(rx: &mut Read, _: &Installation) -> Result<Vec<String>> {
    texts(rx, &each("kind", "state = 'queued' AND ready = 1")).await
}

/// Steps through an index from each text of the column to the next, however many jobs have the same.
fn each(column: &str, condition: &str) -> String {
    format!(
        "WITH RECURSIVE found(word) AS ( \
             SELECT MIN({column}) FROM jobs WHERE {condition} \
             UNION ALL \
             SELECT (SELECT MIN({column}) FROM jobs WHERE {condition} AND {column} > found.word) \
             FROM found WHERE found.word IS NOT NULL) \
         SELECT word FROM found WHERE word IS NOT NULL"
    )
}

async fn texts(rx: &mut Read, sql: &str) -> Result<Vec<String>> {
    let rows = rx.rows(sql, params![]).await?;
    rows.into_iter().map(|mut row| Ok(row.take("word")?)).collect()
}
