//! A queue and a schedule as they are shown.

use db::Read;
use queue::{QueueRow, ScheduleRow};
use serde::Serialize;
use types::{Error, Installation, Result, Time};
use utoipa::ToSchema;
use web::App;

/// Every queue.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueuesOut {
    pub(crate) items: Vec<QueueOut>,
}

/// A queue and what is in it. Counted are at most 50,000 ready jobs of a kind, 50,000 failed ones of a queue, and 50,000
/// delayed ones of all queues together.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueueOut {
    pub(crate) name: String,
    /// Jobs that could run now.
    ready: i64,
    /// Jobs that wait for their time.
    delayed: i64,
    running: i64,
    /// Jobs that failed and were not tried again.
    failed: i64,
    /// Since when the oldest ready job could have run.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_at: Option<Time>,
    /// Since when nothing is taken from it.
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_at: Option<Time>,
    paused_by: Option<String>,
}

/// Every schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct SchedulesOut {
    pub(crate) items: Vec<ScheduleOut>,
}

/// What is asked for by the clock.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleOut {
    name: String,
    /// Five fields, or six with seconds first; in UTC.
    cron: String,
    #[schema(value_type = String, format = DateTime)]
    next_at: Time,
    /// For which time it was last asked for.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Time>,
    /// Whether this version has no such schedule any more: nothing comes of it.
    gone: bool,
}

impl From<QueueRow> for QueueOut {
    fn from(row: QueueRow) -> Self {
        let (paused_at, paused_by) = row.paused.unzip();
        Self {
            name: row.name,
            ready: row.ready,
            delayed: row.delayed,
            running: row.running,
            failed: row.failed,
            oldest_at: row.oldest,
            paused_at,
            paused_by,
        }
    }
}

/// The queues of the kinds that this version knows.
pub(crate) fn known(app: &App) -> Vec<&'static str> {
    web::kinds(app.systems()).into_iter().map(|kind| kind.queue).collect()
}

/// Every queue by name: of what is known, and of what is there.
pub(crate) async fn all(rx: &mut Read, by: &Installation, known: &[&str]) -> Result<Vec<QueueRow>> {
    let mut all = queue::queues(rx, by).await?;
    for name in known {
        if !all.iter().any(|queue| queue.name == *name) {
            all.push(QueueRow::empty((*name).to_owned()));
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

pub(crate) async fn find(rx: &mut Read, by: &Installation, known: &[&str], name: &str) -> Result<QueueRow> {
    all(rx, by, known).await?.into_iter().find(|queue| queue.name == name).ok_or_else(Error::not_found)
}

pub(crate) fn schedules(app: &App) -> Vec<&'static str> {
    app.systems().iter().flat_map(|system| system.schedules).map(|schedule| schedule.name).collect()
}

impl ScheduleOut {
    pub(crate) fn of(row: ScheduleRow, known: &[&str]) -> Self {
        let gone = !known.contains(&row.name.as_str());
        Self { gone, name: row.name, cron: row.cron, next_at: row.next_at, last_at: row.last_at }
    }
}
