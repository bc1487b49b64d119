//! Deleting one's account over HTTP, and keeping it after all.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use types::{Error, Installation, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Json, Reply, Result, View};

use super::ops;
use crate::addresses::AgreeIn;
use crate::sessions::api::own;
use crate::settings::IdentitySettings;
use crate::{Ack, Identity, passwords, people};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(delete_account)).routes(routes!(cancel_deletion))
}

/// That it is really wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveIn {
    #[schema(format = Password, max_length = 128)]
    password: String,
}

/// When the account ends.
#[derive(Serialize, ToSchema)]
pub(crate) struct LeavingOut {
    /// Until then it can be kept.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) deletes_at: Time,
}

/// Deletes one's own account, after `identity.deletion_grace`.
///
/// Nobody can use it from now on: sessions end, API keys stop. A link in a mail keeps it, or signing in, which is
/// answered `account_leaving` with a `cancel_token`. Afterwards only the id is left.
#[utoipa::path(post, path = "/api/v1/auth/delete-account", tag = "auth", operation_id = "delete_account",
    request_body = LeaveIn,
    responses((status = 200, description = "It ends then.", body = LeavingOut),
              (status = 403, description = "The password is not right."),
              (status = 409, description = "Something would be left without owner or administrator.")))]
async fn delete_account(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Json(body): Json<LeaveIn>,
) -> Result<Reply> {
    let (person, _) = own(&caller)?;
    passwords::ops::prove(&app, view.ground(), person, &body.password).await?;
    let grace = app.settings().get::<IdentitySettings>().deletion_grace;
    let args = (view.ground().clone(), person, grace);
    let write = app.db().write(args, |tx, (inst, person, grace)| {
        Box::pin(async move {
            let row = people::store::get(tx, inst, *person).await?.ok_or_else(Error::not_found)?;
            ops::leave(tx, inst, &row, *grace).await
        })
    });
    let deletes_at = write.await?;
    app.extension::<Identity>()?.callers.forget();
    Ok(Reply::ok(&LeavingOut { deletes_at })?.no_store())
}

/// Keeps an account that is about to be deleted.
#[utoipa::path(post, path = "/api/v1/auth/cancel-deletion", tag = "auth", operation_id = "cancel_deletion",
    request_body = AgreeIn,
    responses((status = 200, description = "It stays. Sign in as usual.", body = Ack),
              (status = 403, description = "The link does not work, or not any more.")))]
async fn cancel_deletion(view: View<Installation>, Json(body): Json<AgreeIn>) -> Result<Reply> {
    ops::stay(view.app(), view.ground(), &body.token).await?;
    Ok(Reply::ok(&Ack::OK)?.no_store())
}
