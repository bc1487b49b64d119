//! Reporting a status, and what was reported.

use query::{ListParams, Page, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, Problems, Time};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Check, Commit, Json, ListShape, Path, Reply, Result, Thing, View};

use super::model::{LONGEST_DESCRIPTION, StatusEventId, StatusEventRow};
use super::store::Narrow;
use super::{ops, store};
use crate::level::Level;
use crate::services::model::check_slug;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_status_events, create_status_event))
        .routes(routes!(get_status_event))
        .routes(routes!(list_status_event_events))
}

/// A report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusEventIn {
    /// The slug of the service; its first report registers it.
    #[schema(max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub(crate) service_id: String,
    pub(crate) status: Level,
    /// What is going on, for whoever reads the status page.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) description: String,
}

/// What was reported.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusEventOut {
    #[schema(value_type = String)]
    id: StatusEventId,
    /// The slug of the service.
    service_id: String,
    status: Level,
    description: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// What narrows the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only describes the parameters; they are read by name")]
struct StatusEventFilter {
    /// Only reports of this service.
    service_id: Option<String>,
    /// Only reports of this status.
    status: Option<Level>,
}

const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &["service_id", "status"] };

impl Check for StatusEventIn {
    fn check(&self, problems: &mut Problems) {
        check_slug(problems, "/service_id", &self.service_id);
        problems.text("/description", &self.description, LONGEST_DESCRIPTION);
    }
}

impl Thing for StatusEventOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    /// It is never changed.
    fn version(&self) -> i64 {
        1
    }

    fn path(&self) -> String {
        format!("/api/v1/status/events/{}", self.id)
    }
}

impl From<StatusEventRow> for StatusEventOut {
    fn from(row: StatusEventRow) -> Self {
        Self {
            id: row.id,
            service_id: row.slug,
            status: row.status,
            description: row.description,
            created_at: row.created_at,
        }
    }
}

/// What was reported, newest first.
#[utoipa::path(get, path = "/api/v1/status/events", tag = "status", operation_id = "list_status_events",
    params(ListParams, StatusEventFilter),
    responses((status = 200, description = "A page of reports.", body = Page<StatusEventOut>)))]
async fn list_status_events(view: View) -> Result<Reply> {
    let (list, params) = view.asked(&SHAPE)?;
    let status =
        params.get("status").map(|text| Level::parse(text).ok_or_else(unknown_status)).transpose()?;
    let narrow = Narrow { slug: params.get("service_id").map(str::to_owned), status };
    view.body((list, narrow), |rx, scope, (list, narrow)| {
        Box::pin(async move { Ok(store::page(rx, scope, narrow, list).await?.map(StatusEventOut::from)) })
    })
    .await
}

/// One report.
#[utoipa::path(get, path = "/api/v1/status/events/{id}", tag = "status", operation_id = "get_status_event",
    params(("id" = String, Path, description = "The id of the report.")),
    responses((status = 200, description = "The report.", body = StatusEventOut)))]
async fn get_status_event(view: View, Path(id): Path<StatusEventId>) -> Result<Reply> {
    view.one(id, |rx, scope, id| {
        Box::pin(async move { Ok(store::get(rx, scope, *id).await?.map(StatusEventOut::from)) })
    })
    .await
}

/// What happened to one report, and by whom.
#[utoipa::path(get, path = "/api/v1/status/events/{id}/events", tag = "status",
    operation_id = "list_status_event_events",
    params(("id" = String, Path, description = "The id of the report."), ListParams),
    responses((status = 200, description = "A page of its timeline.", body = Page<journal::Event>)))]
async fn list_status_event_events(view: View, Path(id): Path<StatusEventId>) -> Result<Reply> {
    view.timeline(id, |rx, scope, id| {
        Box::pin(async move { Ok(store::get(rx, scope, *id).await?.map(|event| event.id.to_string())) })
    })
    .await
}

/// Reports the status of a service.
#[utoipa::path(post, path = "/api/v1/status/events", tag = "status", operation_id = "create_status_event",
    request_body = StatusEventIn,
    responses(
        (status = 201, description = "The report.", body = StatusEventOut),
        (status = 200, description = "The reply to the same request, sent before.", body = StatusEventOut)))]
async fn create_status_event(commit: Commit, Json(report): Json<StatusEventIn>) -> Result<Reply> {
    commit.created(report, |tx, scope, report| Box::pin(ops::create(tx, scope, report))).await
}

fn unknown_status() -> Error {
    Error::malformed("bad_parameter", "A parameter of the query string is not valid.").at_field(
        "status",
        "unknown_value",
        "must be operational, maintenance, degraded, partial_outage or major_outage",
    )
}
