//! What a workspace may have and has, over HTTP. The operator sets it: `operators`.

use axum::extract::State;
use serde::Serialize;
use types::{Installation, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Path, Reply, Result, View};

use super::model::{LimitOut, Name};
use super::ops;
use crate::callers::enter;
use crate::permissions::WORKSPACE_READ;
use crate::workspaces::api::place;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_workspace_limits))
}

/// Every limit of a workspace.
#[derive(Serialize, ToSchema)]
pub(crate) struct LimitsOut {
    pub(crate) limits: Vec<LimitOut>,
}

impl LimitsOut {
    /// Adds how many requests were made in this minute, which no table knows.
    pub(crate) async fn counted(mut limits: Vec<LimitOut>, app: &App, workspace: WorkspaceId) -> Self {
        for one in limits.iter_mut().filter(|one| one.name == Name::Requests.as_str()) {
            if let Some(limit) = one.limit {
                let used = app.used_by_workspace(workspace, super::store::as_count(limit)).await;
                one.used = Some(i64::from(used));
            }
        }
        Self { limits }
    }
}

/// How much the workspace may have, and has.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/limits", tag = "workspaces", operation_id = "get_workspace_limits",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "Every limit.", body = LimitsOut)))]
async fn get_workspace_limits(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_READ)?;
    let read = app.db().snapshot((view.ground().clone(), place), |rx, (inst, place)| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            ops::all(rx, &scope, &place.allowed).await
        })
    });
    let limits = LimitsOut::counted(read.await?, &app, id).await;
    view.answer(&limits)
}
