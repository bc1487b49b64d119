//! Giving a workspace to another owner, over HTTP.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use types::{Error, Installation, PersonId, Problems, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Json, Path, Reply, Result, Thing, View};

use super::model::Offer;
use super::{ops, store};
use crate::Ack;
use crate::callers::{Place, Wish, enter, enter_as_member, need_person};
use crate::permissions::{MEMBERS_READ, WORKSPACE_MANAGE};
use crate::workspaces::api::place;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_transfer, create_transfer, delete_transfer))
        .routes(routes!(accept_transfer))
}

/// To whom the workspace is offered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransferIn {
    /// A member of the workspace.
    #[schema(value_type = String, example = "per_01j00000000000000000000000")]
    person_id: PersonId,
}

impl Check for TransferIn {
    fn check(&self, _: &mut Problems) {}
}

/// An offer to become the owner. Accepted, whoever made it is an admin from then on.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransferOut {
    #[schema(value_type = String)]
    from: PersonId,
    #[schema(value_type = String)]
    to: PersonId,
    #[schema(value_type = String, format = DateTime)]
    offered_at: Time,
    /// Until then it can be accepted.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    #[serde(skip)]
    workspace: WorkspaceId,
}

impl TransferOut {
    fn new(offer: Offer, workspace: WorkspaceId) -> Self {
        let Offer { from, to, offered_at, expires_at } = offer;
        Self { from, to, offered_at, expires_at, workspace }
    }
}

impl Thing for TransferOut {
    fn id(&self) -> String {
        self.workspace.to_string()
    }

    /// Each offer is another one.
    fn version(&self) -> i64 {
        self.offered_at.as_millis()
    }

    fn path(&self) -> String {
        format!("/api/v1/workspaces/{}/transfer", self.workspace)
    }
}

/// The offer that stands.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/transfer", tag = "workspaces", operation_id = "get_transfer",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The offer.", body = TransferOut)))]
async fn get_transfer(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_READ)?;
    view.one(place, |rx, inst, place| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            let now = rx.now();
            let offer = store::get(rx, &scope, now).await?;
            Ok(offer.map(|offer| TransferOut::new(offer, place.workspace)))
        })
    })
    .await
}

/// Offers the workspace to another member. Nothing changes until they accept; a new offer takes the place of the one before.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/transfer", tag = "workspaces", operation_id = "create_transfer",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = TransferIn,
    responses((status = 201, description = "The offer.", body = TransferOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = TransferOut)))]
async fn create_transfer(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(body): Json<TransferIn>,
) -> Result<Reply> {
    let wish = place(&app, caller, id, WORKSPACE_MANAGE)?.wishing(body);
    commit
        .created(wish, |tx, inst, wish: &Wish<TransferIn>| {
            Box::pin(async move {
                let (scope, _) = wish.enter(tx, inst).await?;
                let person = need_person(&wish.place.caller)?;
                let offer = ops::offer(tx, &scope, person, wish.body.person_id).await?;
                Ok(TransferOut::new(offer, wish.place.workspace))
            })
        })
        .await
}

/// Takes the offer back, or declines it.
#[utoipa::path(delete, path = "/api/v1/workspaces/{id}/transfer", tag = "workspaces", operation_id = "delete_transfer",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 204, description = "There is no offer any more.")))]
async fn delete_transfer(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_READ)?.changing();
    commit
        .deleted(place, |tx, inst, change: &Change<Place>| {
            Box::pin(async move {
                let (scope, person) = enter_as_member(tx, inst, &change.id).await?;
                let now = tx.now();
                let offer = store::get(tx, &scope, now).await?.ok_or_else(Error::not_found)?;
                change.admit(offer.offered_at.as_millis())?;
                ops::withdraw(tx, &scope, &offer, person).await
            })
        })
        .await
}

/// Accepts the offer: the caller is an owner from now on, and whoever made it an admin.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/transfer/accept", tag = "workspaces",
    operation_id = "accept_transfer",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "An owner from now on.", body = Ack)))]
async fn accept_transfer(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_READ)?.changing();
    let identity = place.identity.clone();
    let reply = commit
        .done(place.wishing(()), |tx, inst, wish: &Wish<()>| {
            Box::pin(async move {
                let (scope, person) = enter_as_member(tx, inst, &wish.place).await?;
                ops::accept(tx, &scope, person).await?;
                Ok(Ack::OK)
            })
        })
        .await;
    identity.callers.forget();
    reply
}
