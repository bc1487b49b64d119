//! Changing one's address over HTTP.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use types::{Installation, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Json, Reply, Result, View};

use super::ops;
use crate::Ack;
use crate::letters::{self, Letter};
use crate::passwords;
use crate::people::Email;
use crate::sessions::api::own;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(change_email)).routes(routes!(confirm_email))
}

/// Another address for oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressChangeIn {
    /// The new address.
    #[schema(format = Email, max_length = 254)]
    email: String,
    #[schema(format = Password, max_length = 128)]
    password: String,
}

impl Check for AddressChangeIn {
    fn check(&self, problems: &mut Problems) {
        Email::check_mailable("/email", &self.email, problems);
    }
}

/// One of the two links.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreeIn {
    /// What stands behind `#` in the link.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) token: String,
}

/// How far the change is.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgreedOut {
    /// Whether both ends have agreed, and the address is another now.
    pub(crate) changed: bool,
}

/// Asks for another address. Both addresses get a link; when both were opened, the new one counts.
///
/// The answer is the same when somebody else has the address: they are told by mail, and their half never comes.
#[utoipa::path(post, path = "/api/v1/auth/change-email", tag = "auth", operation_id = "change_email",
    request_body = AddressChangeIn,
    responses((status = 202, description = "Two mails are on their way.", body = Ack),
              (status = 403, description = "The password is not right.")))]
async fn change_email(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Json(body): Json<AddressChangeIn>,
) -> Result<Reply> {
    let (person, _) = own(&caller)?;
    body.validate()?;
    passwords::ops::prove(&app, view.ground(), person, &body.password).await?;
    let email = Email::of(&body.email).typed;
    let letter = Letter::ChangeAddress { person, email };
    let args = (view.ground().clone(), letter);
    app.db().write(args, |tx, (inst, letter)| Box::pin(letters::ask(tx, inst, letter))).await?;
    Ok(Reply::json(StatusCode::ACCEPTED, &Ack::OK)?.no_store())
}

/// Agrees to another address, by one of the two links.
#[utoipa::path(post, path = "/api/v1/auth/confirm-email", tag = "auth", operation_id = "confirm_email",
    request_body = AgreeIn,
    responses((status = 200, description = "Agreed.", body = AgreedOut),
              (status = 403, description = "The link does not work, or not any more.")))]
async fn confirm_email(view: View<Installation>, Json(body): Json<AgreeIn>) -> Result<Reply> {
    let changed = ops::agree(view.app(), view.ground(), &body.token).await?;
    Ok(Reply::ok(&AgreedOut { changed })?.no_store())
}
