//! What owners do to their workspace as a whole, over HTTP. The operator's side is in `operators`.

use axum::extract::State;
use types::{Error, Installation, WorkspaceId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Closed, Commit, Path, Reply, Result};

use super::ops::{self, Step};
use crate::callers::{Place, enter};
use crate::permissions::WORKSPACE_MANAGE;
use crate::settings::IdentitySettings;
use crate::workspaces::api::place;
use crate::workspaces::api_shapes::WorkspaceOut;
use crate::workspaces::store;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(delete_workspace))
        .routes(routes!(archive_workspace))
        .routes(routes!(restore_workspace))
        .routes(routes!(pause_workspace))
        .routes(routes!(resume_workspace))
}

async fn step(commit: Commit<Installation>, place: Place, step: Step) -> Result<Reply> {
    let identity = place.identity.clone();
    let reply = commit
        .updated((place, step), (), |tx, inst, change: &Change<(Place, Step)>| {
            Box::pin(async move {
                let (place, step) = &change.id;
                let (scope, _) = enter(tx, inst, place).await?;
                let now = store::get(tx, &scope).await?.ok_or_else(Error::not_found)?;
                change.admit(now.version)?;
                let row = ops::take(tx, &scope, now, *step).await?;
                Ok(WorkspaceOut::new(row, tx.now()))
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Deletes a workspace: nobody gets in any more, and after a time of grace all of it is forgotten. Until then an owner can
/// restore it.
#[utoipa::path(delete, path = "/api/v1/workspaces/{id}", tag = "workspaces", operation_id = "delete_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 204, description = "Deleted; `delete_at` says when it is forgotten.")))]
async fn delete_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let grace = app.settings().get::<IdentitySettings>().workspace_grace;
    let place = place(&app, caller, id, WORKSPACE_MANAGE)?.even(&[Closed::Archived, Closed::Deleted]);
    let identity = place.identity.clone();
    let reply = commit
        .deleted((place, grace), |tx, inst, change| {
            Box::pin(async move {
                let (place, grace) = &change.id;
                let (scope, _) = enter(tx, inst, place).await?;
                let now = store::get(tx, &scope).await?.ok_or_else(Error::not_found)?;
                change.admit(now.version)?;
                ops::take(tx, &scope, now, Step::Delete(*grace)).await.map(drop)
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Archives a workspace: it can be read, and nothing in it changes until it is restored.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/archive", tag = "workspaces", operation_id = "archive_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn archive_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_MANAGE)?.even(&[Closed::Archived]);
    step(commit, place, Step::Archive).await
}

/// Takes back that a workspace was deleted, or else that it was archived.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/restore", tag = "workspaces", operation_id = "restore_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn restore_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_MANAGE)?.even(&[Closed::Archived, Closed::Deleted]);
    step(commit, place, Step::Restore).await
}

/// Lets the jobs of the workspace wait, mail included. What runs goes on.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/pause", tag = "workspaces", operation_id = "pause_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn pause_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_MANAGE)?;
    step(commit, place, Step::Pause).await
}

/// Lets the jobs of the workspace run again.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/resume", tag = "workspaces", operation_id = "resume_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn resume_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_MANAGE)?;
    step(commit, place, Step::Unpause).await
}
