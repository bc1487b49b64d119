//! The addresses of queues and schedules.

use types::{Installation, Problems};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Check, Commit, Path, Reply, Result, View};

use super::model::{self, QueueOut, QueuesOut, ScheduleOut, SchedulesOut};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_queues))
        .routes(routes!(pause_queue))
        .routes(routes!(resume_queue))
        .routes(routes!(list_schedules))
}

/// Which queue, and the queues that this version knows.
struct Named {
    name: String,
    known: Vec<&'static str>,
}

/// A name that no queue has is a 404, which the work says.
impl Check for Named {
    fn check(&self, _: &mut Problems) {}
}

/// Every queue and what is in it.
#[utoipa::path(get, path = "/api/v1/queues", tag = "jobs", operation_id = "list_queues",
    responses((status = 200, description = "Every queue, by name.", body = QueuesOut)))]
async fn list_queues(view: View<Installation>) -> Result<Reply> {
    let known = model::known(view.app());
    view.body(known, |rx, by, known| {
        Box::pin(async move {
            let items = model::all(rx, by, known).await?.into_iter().map(QueueOut::from).collect();
            Ok(QueuesOut { items })
        })
    })
    .await
}

/// Takes nothing more from a queue, on any node; what runs goes on.
#[utoipa::path(post, path = "/api/v1/queues/{name}/pause", tag = "jobs", operation_id = "pause_queue",
    params(("name" = String, Path, description = "The name of the queue.")),
    responses((status = 200, description = "The queue as it is now.", body = QueueOut)))]
async fn pause_queue(
    commit: Commit<Installation>,
    app: axum::extract::State<App>,
    Path(name): Path<String>,
) -> Result<Reply> {
    let named = Named { name, known: model::known(&app) };
    commit
        .done(named, |tx, by, named| {
            Box::pin(async move {
                model::find(tx, by, &named.known, &named.name).await?;
                queue::pause(tx, by, &named.name).await?;
                Ok(QueueOut::from(model::find(tx, by, &named.known, &named.name).await?))
            })
        })
        .await
}

/// Takes from a queue again.
#[utoipa::path(post, path = "/api/v1/queues/{name}/resume", tag = "jobs", operation_id = "resume_queue",
    params(("name" = String, Path, description = "The name of the queue.")),
    responses((status = 200, description = "The queue as it is now.", body = QueueOut)))]
async fn resume_queue(
    commit: Commit<Installation>,
    app: axum::extract::State<App>,
    Path(name): Path<String>,
) -> Result<Reply> {
    let named = Named { name, known: model::known(&app) };
    commit
        .done(named, |tx, by, named| {
            Box::pin(async move {
                let mut queue = model::find(tx, by, &named.known, &named.name).await?;
                queue::resume(tx, by, &named.name).await?;
                queue.paused = None;
                Ok(QueueOut::from(queue))
            })
        })
        .await
}

/// What is asked for by the clock.
#[utoipa::path(get, path = "/api/v1/schedules", tag = "jobs", operation_id = "list_schedules",
    responses((status = 200, description = "Every schedule, by name.", body = SchedulesOut)))]
async fn list_schedules(view: View<Installation>) -> Result<Reply> {
    let known = model::schedules(view.app());
    view.body(known, |rx, by, known| {
        Box::pin(async move {
            let rows = queue::schedules(rx, by).await?;
            Ok(SchedulesOut { items: rows.into_iter().map(|row| ScheduleOut::of(row, known)).collect() })
        })
    })
    .await
}
