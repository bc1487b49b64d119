//! Seeing jobs and what they say: those of a workspace, and those of the installation.

use query::{Kind, ListParams, Page, SortColumn, SortField, SortFields};
use queue::{JobId, Narrow, Reach, State};
use types::{Error, Installation};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Ground, ListShape, Path, Reply, Result, View};

use crate::model::{Around, JobOut, LineOut, known};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_jobs))
        .routes(routes!(get_job))
        .routes(routes!(list_job_events))
        .routes(routes!(list_installation_jobs))
        .routes(routes!(get_installation_job))
        .routes(routes!(list_installation_job_events))
}

/// What narrows the list; each has to be equal.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only describes the parameters; they are read by name")]
struct JobFilter {
    /// Only jobs of this kind, for example `mail.send`.
    kind: Option<String>,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    state: Option<String>,
    /// Only jobs of this queue.
    queue: Option<String>,
    /// The id of the thing that the job is about.
    subject: Option<String>,
}

const CREATED_AT: SortColumn = SortColumn::new("enqueued_at", Kind::Int);
const ID: SortColumn = SortColumn::new("id", Kind::Id);

pub(crate) const SORT: SortFields = SortFields {
    fields: &[
        SortField { name: "created_at", columns: &[CREATED_AT] },
        SortField { name: "id", columns: &[ID] },
    ],
    default: "-created_at,-id",
    tie: ID,
};

const SHAPE: ListShape = ListShape { sort: SORT, filters: &["kind", "state", "queue", "subject"] };
const LOG: ListShape = ListShape { sort: queue::LOG, filters: &[] };

/// The jobs of the workspace, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", operation_id = "list_jobs", params(ListParams, JobFilter),
    responses((status = 200, description = "A page of jobs.", body = Page<JobOut>)))]
async fn list_jobs(view: View) -> Result<Reply> {
    list(view).await
}

/// The jobs that belong to no workspace: what schedules ask for.
#[utoipa::path(get, path = "/api/v1/installation/jobs", tag = "jobs", operation_id = "list_installation_jobs",
    params(ListParams, JobFilter),
    responses((status = 200, description = "A page of jobs.", body = Page<JobOut>)))]
async fn list_installation_jobs(view: View<Installation>) -> Result<Reply> {
    list(view).await
}

/// A job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", operation_id = "get_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 200, description = "The job.", body = JobOut)))]
async fn get_job(view: View, Path(id): Path<JobId>) -> Result<Reply> {
    one(view, id).await
}

/// A job of the installation.
#[utoipa::path(get, path = "/api/v1/installation/jobs/{id}", tag = "jobs", operation_id = "get_installation_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 200, description = "The job.", body = JobOut)))]
async fn get_installation_job(view: View<Installation>, Path(id): Path<JobId>) -> Result<Reply> {
    one(view, id).await
}

/// What happened to a job, attempt by attempt, and what it said.
///
/// Its own log, with every line: more than the change feed hears of it.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/events", tag = "jobs", operation_id = "list_job_events",
    params(("id" = String, Path, description = "The id of the job."), ListParams),
    responses((status = 200, description = "A page of its log.", body = Page<LineOut>)))]
async fn list_job_events(view: View, Path(id): Path<JobId>) -> Result<Reply> {
    log(view, id).await
}

/// What happened to a job of the installation, and what it said.
#[utoipa::path(get, path = "/api/v1/installation/jobs/{id}/events", tag = "jobs",
    operation_id = "list_installation_job_events",
    params(("id" = String, Path, description = "The id of the job."), ListParams),
    responses((status = 200, description = "A page of its log.", body = Page<LineOut>)))]
async fn list_installation_job_events(view: View<Installation>, Path(id): Path<JobId>) -> Result<Reply> {
    log(view, id).await
}

async fn list<S: Ground>(view: View<S>) -> Result<Reply>
where
    for<'a> Reach: From<&'a S>,
{
    let (list, params) = view.asked(&SHAPE)?;
    let text = |name: &str| params.get(name).map(str::to_owned);
    let state = params.get("state").map(state).transpose()?;
    let narrow = Narrow { kind: text("kind"), state, queue: text("queue"), subject: text("subject") };
    let known = known(view.app());
    view.body((list, narrow, known), |rx, ground, (list, narrow, known)| {
        Box::pin(async move {
            let around = Around::look(rx, known).await?;
            Ok(queue::page(rx, ground, narrow, list).await?.map(|job| around.show(job)))
        })
    })
    .await
}

async fn one<S: Ground>(view: View<S>, id: JobId) -> Result<Reply>
where
    for<'a> Reach: From<&'a S>,
{
    let known = known(view.app());
    view.one((id, known), |rx, ground, (id, known)| {
        Box::pin(async move {
            let Some(job) = queue::get(rx, ground, *id).await? else { return Ok(None) };
            Ok(Some(Around::look(rx, known).await?.show(job)))
        })
    })
    .await
}

async fn log<S: Ground>(view: View<S>, id: JobId) -> Result<Reply>
where
    for<'a> Reach: From<&'a S>,
{
    let (list, _) = view.asked(&LOG)?;
    view.body((list, id), |rx, ground, (list, id)| {
        Box::pin(async move {
            queue::get(rx, ground, *id).await?.ok_or_else(Error::not_found)?;
            Ok(queue::log(rx, ground, *id, list).await?.map(LineOut::from))
        })
    })
    .await
}

pub(crate) fn state(text: &str) -> Result<State, Error> {
    text.parse().map_err(|_| {
        Error::malformed("bad_parameter", "A parameter of the query string is not valid.").at_field(
            "state",
            "unknown_value",
            "must be queued, running, done, failed or cancelled",
        )
    })
}
