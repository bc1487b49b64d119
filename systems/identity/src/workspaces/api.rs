//! Workspaces over HTTP.

use axum::extract::State;
use query::{Kind, Page, SortColumn, SortField, SortFields};
use types::{Error, Installation, Permission, Problems, WorkspaceId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Json, ListShape, Path, Reply, Result, View};

use super::api_shapes::{WorkspaceIn, WorkspaceOut, WorkspacePatch};
use super::limits::Allowed;
use super::store::Whose;
use super::{ops, store};
use crate::Identity;
use crate::callers::{Place, enter, lacking, person_of, proof_age};
use crate::permissions::{WORKSPACE_MANAGE, WORKSPACE_READ, WORKSPACE_WRITE};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_workspaces, create_workspace))
        .routes(routes!(get_workspace, update_workspace))
}

pub(crate) const SHAPE: ListShape = ListShape {
    sort: SortFields {
        fields: &[
            SortField { name: "created_at", columns: &[SortColumn::new("w.created_at", Kind::Int)] },
            SortField { name: "name", columns: &[SortColumn::new("w.name", Kind::Text)] },
            SortField { name: "slug", columns: &[SortColumn::new("w.slug", Kind::Text)] },
            SortField { name: "id", columns: &[SortColumn::new("w.id", Kind::Id)] },
        ],
        default: "-created_at,-id",
        tie: SortColumn::new("w.id", Kind::Id),
    },
    filters: &[],
};

/// Where the request wants to act: the workspace of the address.
pub(crate) fn place(
    app: &App,
    caller: Caller,
    workspace: WorkspaceId,
    permission: Permission,
) -> types::Result<Place> {
    let (identity, allowed) = (app.extension::<Identity>()?, Allowed::by(app.settings()));
    let proof_age = proof_age(app);
    Ok(Place { identity, caller, workspace, permission, even: &[], changes: false, allowed, proof_age })
}

/// The workspaces that the caller belongs to.
#[utoipa::path(get, path = "/api/v1/workspaces", tag = "workspaces", operation_id = "list_workspaces",
    params(query::ListParams),
    responses((status = 200, description = "A page of workspaces.", body = Page<WorkspaceOut>)))]
async fn list_workspaces(caller: Caller, view: View<Installation>) -> Result<Reply> {
    // A key sees the workspace it works in, as far as this request names one.
    let nowhere = WorkspaceId::from_bytes([0; 16]);
    let whose = match person_of(&caller) {
        Some(person) => Whose::Person(person),
        None => Whose::Only(caller.workspace.unwrap_or(nowhere)),
    };
    let (list, _) = view.asked(&SHAPE)?;
    view.body((whose, list), |rx, inst, (whose, list)| {
        Box::pin(async move {
            let now = rx.now();
            Ok(store::page(rx, inst, *whose, list).await?.map(|row| WorkspaceOut::new(row, now)))
        })
    })
    .await
}

/// A body together with who sent it.
struct Wish {
    caller: Caller,
    body: WorkspaceIn,
}

impl Check for Wish {
    fn check(&self, problems: &mut Problems) {
        self.body.check(problems);
    }
}

/// Makes a workspace that the caller owns.
#[utoipa::path(post, path = "/api/v1/workspaces", tag = "workspaces", operation_id = "create_workspace",
    request_body = WorkspaceIn,
    responses((status = 201, description = "The workspace.", body = WorkspaceOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = WorkspaceOut)))]
async fn create_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Json(body): Json<WorkspaceIn>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let reply = commit
        .created(Wish { caller, body }, |tx, inst, wish| {
            Box::pin(async move {
                let owner = person_of(&wish.caller).ok_or_else(|| {
                    Error::forbidden(
                        "person_needed",
                        "A workspace needs an owner. Sign in with an access token.",
                    )
                })?;
                let slug = wish.body.slug.as_deref();
                let row = ops::create(tx, inst, &wish.body.name, slug, owner).await?;
                Ok(WorkspaceOut::new(row, tx.now()))
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// One workspace that the caller belongs to.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}", tag = "workspaces", operation_id = "get_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace.", body = WorkspaceOut)))]
async fn get_workspace(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_READ)?;
    view.one(place, |rx, inst, place| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            let now = rx.now();
            Ok(store::get(rx, &scope).await?.map(|row| WorkspaceOut::new(row, now)))
        })
    })
    .await
}

/// Changes what a workspace is called, when it is enabled, and whether it asks its members for second factors.
#[utoipa::path(patch, path = "/api/v1/workspaces/{id}", tag = "workspaces", operation_id = "update_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = WorkspacePatch,
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn update_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(patch): Json<WorkspacePatch>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_WRITE)?;
    let identity = place.identity.clone();
    let reply = commit
        .updated(place, patch, |tx, inst, change: &Change<Place, WorkspacePatch>| {
            Box::pin(async move {
                let (scope, held) = enter(tx, inst, &change.id).await?;
                let now = store::get(tx, &scope).await?.ok_or_else(Error::not_found)?;
                change.admit(now.version)?;
                if change.body.times() && !held.hold(WORKSPACE_MANAGE) {
                    return Err(lacking(WORKSPACE_MANAGE));
                }
                let by = (&change.id.caller, change.id.proof_age);
                let row = change.body.onto(tx, &scope, now, by).await?;
                Ok(WorkspaceOut::new(row, tx.now()))
            })
        })
        .await;
    identity.callers.forget();
    reply
}
