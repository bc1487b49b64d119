//! Changing one's password, and setting a new one by a link.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use types::{Installation, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Json, Reply, Result, View};

use super::ops;
use crate::Ack;
use crate::letters::{self, Letter};
use crate::people::{Email, check_password};
use crate::sessions::api::own;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(request_password_reset))
        .routes(routes!(confirm_password_reset))
        .routes(routes!(change_password))
}

/// An address that something shall be mailed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressIn {
    #[schema(format = Email, max_length = 254)]
    pub(crate) email: String,
}

impl Check for AddressIn {
    fn check(&self, problems: &mut Problems) {
        Email::check("/email", &self.email, problems);
    }
}

/// A new password, by a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordResetIn {
    /// What stands behind `#` in the link.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) token: String,
    #[schema(format = Password, min_length = 12, max_length = 128)]
    pub(crate) password: String,
}

impl Check for PasswordResetIn {
    fn check(&self, problems: &mut Problems) {
        check_password("/password", &self.password, problems);
    }
}

/// Another password for oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChangeIn {
    #[schema(format = Password, max_length = 128)]
    current_password: String,
    #[schema(format = Password, min_length = 12, max_length = 128)]
    new_password: String,
}

impl Check for PasswordChangeIn {
    fn check(&self, problems: &mut Problems) {
        check_password("/new_password", &self.new_password, problems);
    }
}

/// Mails a link that sets a new password.
///
/// The answer is the same whether anybody has the address or not. A link works once, for `identity.reset_link_life`; a newer one
/// ends it. An address is sent three mails in a quarter of an hour at most.
#[utoipa::path(post, path = "/api/v1/auth/reset-password-request", tag = "auth",
    operation_id = "request_password_reset", request_body = AddressIn,
    responses((status = 202, description = "If somebody has this address, a mail is on its way.", body = Ack)))]
async fn request_password_reset(view: View<Installation>, Json(body): Json<AddressIn>) -> Result<Reply> {
    body.validate()?;
    let letter = Letter::Reset { email: body.email.clone() };
    letters::ask_as_stranger(view.app(), view.ground(), letter, &body.email).await?;
    Ok(Reply::json(StatusCode::ACCEPTED, &Ack::OK)?.no_store())
}

/// Sets a new password by the link that was mailed. Every session of the person ends; then sign in as usual.
#[utoipa::path(post, path = "/api/v1/auth/reset-password-confirm", tag = "auth",
    operation_id = "confirm_password_reset", request_body = PasswordResetIn,
    responses((status = 200, description = "The new password counts.", body = Ack),
              (status = 403, description = "The link does not work, or not any more.")))]
async fn confirm_password_reset(
    view: View<Installation>,
    Json(body): Json<PasswordResetIn>,
) -> Result<Reply> {
    ops::reset(view.app(), view.ground(), &body.token, &body.password).await?;
    Ok(Reply::ok(&Ack::OK)?.no_store())
}

/// Changes one's own password. Every other session ends.
#[utoipa::path(post, path = "/api/v1/auth/change-password", tag = "auth", operation_id = "change_password",
    request_body = PasswordChangeIn,
    responses((status = 200, description = "The new password counts.", body = Ack),
              (status = 403, description = "The current password is not right.")))]
async fn change_password(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Json(body): Json<PasswordChangeIn>,
) -> Result<Reply> {
    let who = own(&caller)?;
    body.validate()?;
    ops::change(&app, view.ground(), who, &body.current_password, &body.new_password).await?;
    Ok(Reply::ok(&Ack::OK)?.no_store())
}
