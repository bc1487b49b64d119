//! All workspaces for the operator, over HTTP.

use std::time::Duration;

use axum::extract::State;
use query::Page;
use types::{Installation, WorkspaceId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Commit, Json, Path, Reply, Result, View};

use super::ops;
use crate::Identity;
use crate::callers::proof_age;
use crate::settings::IdentitySettings;
use crate::workspaces::api::SHAPE;
use crate::workspaces::api_shapes::{WorkspaceOut, WorkspacePatch};
use crate::workspaces::life::Step;
use crate::workspaces::store::{self, Whose};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_all_workspaces))
        .routes(routes!(get_any_workspace, update_any_workspace, delete_any_workspace))
        .routes(routes!(suspend_workspace))
        .routes(routes!(resume_suspended_workspace))
        .routes(routes!(archive_any_workspace))
        .routes(routes!(restore_any_workspace))
}

/// Every workspace of the installation.
#[utoipa::path(get, path = "/api/v1/installation/workspaces", tag = "workspaces", operation_id = "list_all_workspaces",
    params(query::ListParams),
    responses((status = 200, description = "A page of workspaces.", body = Page<WorkspaceOut>)))]
async fn list_all_workspaces(view: View<Installation>) -> Result<Reply> {
    let (list, _) = view.asked(&SHAPE)?;
    view.body(list, |rx, inst, list| {
        Box::pin(async move {
            let now = rx.now();
            let page = store::page(rx, inst, Whose::Everybody, list).await?;
            Ok(page.map(|row| WorkspaceOut::new(row, now)))
        })
    })
    .await
}

/// Any workspace, however it stands.
#[utoipa::path(get, path = "/api/v1/installation/workspaces/{id}", tag = "workspaces",
    operation_id = "get_any_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace.", body = WorkspaceOut)))]
async fn get_any_workspace(view: View<Installation>, Path(id): Path<WorkspaceId>) -> Result<Reply> {
    view.one(id, |rx, inst, id| {
        Box::pin(async move {
            let now = rx.now();
            Ok(store::by_id(rx, inst, *id).await?.map(|row| WorkspaceOut::new(row, now)))
        })
    })
    .await
}

/// Changes what any workspace is called, and when it is enabled.
#[utoipa::path(patch, path = "/api/v1/installation/workspaces/{id}", tag = "workspaces",
    operation_id = "update_any_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = WorkspacePatch,
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn update_any_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(patch): Json<WorkspacePatch>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let by = (id, caller, proof_age(&app));
    let reply = commit
        .updated(by, patch, |tx, inst, change: &Change<(WorkspaceId, Caller, Duration), WorkspacePatch>| {
            Box::pin(async move {
                let (id, caller, proof_age) = &change.id;
                let (scope, now) = ops::find(tx, inst, *id).await?;
                change.admit(now.version)?;
                let row = change.body.onto(tx, &scope, now, (caller, *proof_age)).await?;
                Ok(WorkspaceOut::new(row, tx.now()))
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Deletes any workspace: nobody gets in any more, and after a time of grace all of it is forgotten.
#[utoipa::path(delete, path = "/api/v1/installation/workspaces/{id}", tag = "workspaces",
    operation_id = "delete_any_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 204, description = "Deleted; `delete_at` says when it is forgotten.")))]
async fn delete_any_workspace(
    State(app): State<App>,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let grace = app.settings().get::<IdentitySettings>().workspace_grace;
    let reply = commit
        .deleted((id, grace), |tx, inst, change| {
            Box::pin(async move {
                let (id, grace) = change.id;
                let (_, now) = ops::find(tx, inst, id).await?;
                change.admit(now.version)?;
                ops::step(tx, inst, id, Step::Delete(grace)).await.map(drop)
            })
        })
        .await;
    identity.callers.forget();
    reply
}

async fn step(app: App, commit: Commit<Installation>, id: WorkspaceId, step: Step) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let reply = commit
        .updated((id, step), (), |tx, inst, change: &Change<(WorkspaceId, Step)>| {
            Box::pin(async move {
                let (id, step) = change.id;
                let (_, now) = ops::find(tx, inst, id).await?;
                change.admit(now.version)?;
                let row = ops::step(tx, inst, id, step).await?;
                Ok(WorkspaceOut::new(row, tx.now()))
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Suspends a workspace: nobody gets in, and its jobs wait.
#[utoipa::path(post, path = "/api/v1/installation/workspaces/{id}/suspend", tag = "workspaces",
    operation_id = "suspend_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn suspend_workspace(
    State(app): State<App>,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    step(app, commit, id, Step::Suspend).await
}

/// Lets people into a suspended workspace again.
#[utoipa::path(post, path = "/api/v1/installation/workspaces/{id}/resume", tag = "workspaces",
    operation_id = "resume_suspended_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn resume_suspended_workspace(
    State(app): State<App>,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    step(app, commit, id, Step::Resume).await
}

/// Archives a workspace: it can be read, and nothing in it changes.
#[utoipa::path(post, path = "/api/v1/installation/workspaces/{id}/archive", tag = "workspaces",
    operation_id = "archive_any_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn archive_any_workspace(
    State(app): State<App>,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    step(app, commit, id, Step::Archive).await
}

/// Takes back that a workspace was deleted, or else that it was archived.
#[utoipa::path(post, path = "/api/v1/installation/workspaces/{id}/restore", tag = "workspaces",
    operation_id = "restore_any_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn restore_any_workspace(
    State(app): State<App>,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    step(app, commit, id, Step::Restore).await
}
