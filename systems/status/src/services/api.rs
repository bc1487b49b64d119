//! How everything stands, and each service.

use query::{ListParams, Page};
use serde::{Deserialize, Serialize};
use types::{Problems, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Check, Commit, Field, Json, Path, Reply, Result, Thing, View};

use super::model::{LONGEST_NAME, ServiceRow, is_slug, name_of};
use super::{ops, store};
use crate::level::Level;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_status))
        .routes(routes!(get_service, update_service))
        .routes(routes!(list_service_events))
}

/// How everything stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusOut {
    /// The worst of all services; `operational` when there is none.
    status: Level,
    services: Vec<ServiceOut>,
}

/// How one service stands: a level, or `unknown` when nobody has reported anything of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Operational,
    Maintenance,
    Degraded,
    PartialOutage,
    MajorOutage,
    Unknown,
}

impl From<Level> for Standing {
    fn from(level: Level) -> Self {
        match level {
            Level::Operational => Self::Operational,
            Level::Maintenance => Self::Maintenance,
            Level::Degraded => Self::Degraded,
            Level::PartialOutage => Self::PartialOutage,
            Level::MajorOutage => Self::MajorOutage,
        }
    }
}

/// A service and how it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceOut {
    /// The slug it was reported under first.
    id: String,
    name: String,
    status: Standing,
    /// When it came to stand so.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Time>,
    #[serde(skip)]
    version: i64,
}

/// What may be changed of a service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServicePatch {
    /// What the public page calls it.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 120)]
    pub(crate) name: Field<String>,
}

impl Check for ServicePatch {
    fn check(&self, problems: &mut Problems) {
        match &self.name {
            Field::Keep => {}
            Field::Empty => {
                problems.add("/name", "required", "cannot be emptied");
            }
            Field::Set(name) => {
                problems.text("/name", name, LONGEST_NAME);
            }
        }
    }
}

impl Thing for ServiceOut {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/status/services/{}", self.id)
    }
}

impl From<ServiceRow> for ServiceOut {
    fn from(row: ServiceRow) -> Self {
        Self {
            id: row.slug,
            name: row.name,
            status: row.status.into(),
            since: Some(row.since),
            updated_at: Some(row.updated_at),
            version: row.version,
        }
    }
}

impl ServiceOut {
    /// What is said of a service that nobody has reported anything of.
    fn unknown(slug: &str) -> Self {
        let (id, name) = (slug.to_owned(), name_of(slug));
        Self { id, name, status: Standing::Unknown, since: None, updated_at: None, version: 0 }
    }
}

/// How everything stands, and every service.
#[utoipa::path(get, path = "/api/v1/status", tag = "status", operation_id = "get_status",
    responses((status = 200, description = "The overall status and each service.", body = StatusOut)))]
async fn get_status(view: View) -> Result<Reply> {
    view.body((), |rx, scope, ()| {
        Box::pin(async move {
            let services = store::all(rx, scope).await?;
            let status = Level::overall(services.iter().map(|service| service.status));
            Ok(StatusOut { status, services: services.into_iter().map(Into::into).collect() })
        })
    })
    .await
}

/// One service. One that nobody has reported anything of is `unknown`.
#[utoipa::path(get, path = "/api/v1/status/services/{slug}", tag = "status", operation_id = "get_service",
    params(("slug" = String, Path, description = "The service's slug.")),
    responses((status = 200, description = "The service.", body = ServiceOut)))]
async fn get_service(view: View, Path(slug): Path<String>) -> Result<Reply> {
    view.one(slug, |rx, scope, slug| {
        Box::pin(async move {
            let known = store::get(rx, scope, slug).await?.map(ServiceOut::from);
            Ok(known.or_else(|| is_slug(slug).then(|| ServiceOut::unknown(slug))))
        })
    })
    .await
}

/// What happened to a service, and by whom.
#[utoipa::path(get, path = "/api/v1/status/services/{slug}/events", tag = "status",
    operation_id = "list_service_events",
    params(("slug" = String, Path, description = "The service's slug."), ListParams),
    responses((status = 200, description = "A page of its timeline.", body = Page<journal::Event>)))]
async fn list_service_events(view: View, Path(slug): Path<String>) -> Result<Reply> {
    view.timeline(slug, |rx, scope, slug| {
        Box::pin(async move { Ok(store::get(rx, scope, slug).await?.map(|service| service.id.to_string())) })
    })
    .await
}

/// Renames a service.
#[utoipa::path(patch, path = "/api/v1/status/services/{slug}", tag = "status", operation_id = "update_service",
    params(("slug" = String, Path, description = "The service's slug.")),
    request_body = ServicePatch,
    responses((status = 200, description = "The service as it is now.", body = ServiceOut)))]
async fn update_service(
    commit: Commit,
    Path(slug): Path<String>,
    Json(patch): Json<ServicePatch>,
) -> Result<Reply> {
    commit.updated(slug, patch, |tx, scope, change| Box::pin(ops::update(tx, scope, change))).await
}
