//! What members do about their own membership, over HTTP: leave, and work there by default.

use axum::extract::State;
use serde::Deserialize;
use types::{Error, Installation, Problems, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Closed, Commit, Json, Path, Reply, Result};

use super::{ops, store};
use crate::Ack;
use crate::callers::{Wish, enter_as_member, need_person};
use crate::permissions::WORKSPACE_READ;
use crate::workspaces::api::place;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(leave_workspace)).routes(routes!(update_default_workspace))
}

/// Leaves a workspace. The keys that one made there end with it; the last owner stays.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/leave", tag = "workspaces", operation_id = "leave_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "Left.", body = Ack)))]
async fn leave_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    const EVEN: &[Closed] = &[Closed::Archived, Closed::Disabled, Closed::Suspended, Closed::Deleted];
    let place = place(&app, caller, id, WORKSPACE_READ)?.even(EVEN);
    let identity = place.identity.clone();
    let reply = commit
        .done(place.wishing(()), |tx, inst, wish: &Wish<()>| {
            Box::pin(async move {
                let (scope, person) = enter_as_member(tx, inst, &wish.place).await?;
                let member = store::get(tx, &scope, person).await?.ok_or_else(Error::not_found)?;
                ops::remove(tx, inst, &scope, &member).await?;
                Ok(Ack::OK)
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Where to work when a request names no workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultPatch {
    /// The id of a workspace that one belongs to.
    #[schema(value_type = String, example = "wsp_01j00000000000000000000000")]
    workspace_id: WorkspaceId,
}

impl Check for DefaultPatch {
    fn check(&self, _: &mut Problems) {}
}

/// Says in which of one's workspaces requests work that name none.
#[utoipa::path(patch, path = "/api/v1/auth/me/default-workspace", tag = "auth", operation_id = "update_default_workspace",
    request_body = DefaultPatch,
    responses((status = 200, description = "It is that one from now on.", body = Ack),
              (status = 404, description = "You belong to no such workspace.")))]
async fn update_default_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Json(body): Json<DefaultPatch>,
) -> Result<Reply> {
    need_person(&caller)?;
    let place = place(&app, caller, body.workspace_id, WORKSPACE_READ)?;
    let identity = place.identity.clone();
    let reply = commit
        .done(place.wishing(()), |tx, inst, wish: &Wish<()>| {
            Box::pin(async move {
                let (scope, person) = enter_as_member(tx, inst, &wish.place).await?;
                if !store::set_default(tx, &scope, person).await? {
                    return Err(Error::not_found());
                }
                Ok(Ack::OK)
            })
        })
        .await;
    identity.callers.forget();
    reply
}
