//! Registering over HTTP.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use types::{Installation, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Check, Json, Reply, Result, View};

use super::ops;
use crate::Ack;
use crate::letters::{self, Letter};
use crate::passwords::api::AddressIn;
use crate::people::{Email, NAME_MAX, check_line, check_password};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(resend_verification))
        .routes(routes!(verify_email))
}

/// What makes an account of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationIn {
    /// What stands behind `#` in the link.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) token: String,
    #[schema(format = Password, min_length = 12, max_length = 128)]
    pub(crate) password: String,
    /// What others see; without it, what stands before the `@`.
    #[schema(min_length = 1, max_length = 120)]
    pub(crate) name: Option<String>,
}

impl Check for RegistrationIn {
    fn check(&self, problems: &mut Problems) {
        check_password("/password", &self.password, problems);
        if let Some(name) = &self.name {
            check_line("/name", name, NAME_MAX, problems);
        }
    }
}

/// Who was made. Sign in with `POST /api/v1/auth/token`.
#[derive(Serialize, ToSchema)]
pub(crate) struct RegisteredOut {
    person_id: String,
}

/// Asks for an account with this address, where `identity.registration` is `open`.
///
/// A link is mailed; there is nobody until it is opened with `verify-email`. The answer is the same for an address that has an
/// account: its owner is told by mail.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", operation_id = "register",
    request_body = AddressIn,
    responses((status = 202, description = "A mail is on its way.", body = Ack),
              (status = 403, description = "Strangers make no accounts here.")))]
async fn register(view: View<Installation>, Json(body): Json<AddressIn>) -> Result<Reply> {
    ops::refuse_unless_open(view.app())?;
    ask(&view, &body, |email| Letter::Register { email }).await
}

/// Mails the link of a registration again, a new one. The answer is the same for every address.
#[utoipa::path(post, path = "/api/v1/auth/resend-verification", tag = "auth", operation_id = "resend_verification",
    request_body = AddressIn,
    responses((status = 202, description = "If somebody asked for an account with it, a mail is on its way.", body = Ack),
              (status = 403, description = "Strangers make no accounts here.")))]
async fn resend_verification(view: View<Installation>, Json(body): Json<AddressIn>) -> Result<Reply> {
    ops::refuse_unless_open(view.app())?;
    ask(&view, &body, |email| Letter::RegisterAgain { email }).await
}

async fn ask(view: &View<Installation>, body: &AddressIn, letter: fn(String) -> Letter) -> Result<Reply> {
    let mut problems = Problems::new();
    let email = Email::check_mailable("/email", &body.email, &mut problems).typed;
    problems.into_result()?;
    letters::ask_as_stranger(view.app(), view.ground(), letter(email.clone()), &email).await?;
    Ok(Reply::json(StatusCode::ACCEPTED, &Ack::OK)?.no_store())
}

/// Makes the account: proves the address by the link, and sets the password.
#[utoipa::path(post, path = "/api/v1/auth/verify-email", tag = "auth", operation_id = "verify_email",
    request_body = RegistrationIn,
    responses((status = 201, description = "There is an account now.", body = RegisteredOut),
              (status = 403, description = "The link does not work, or not any more.")))]
async fn verify_email(view: View<Installation>, Json(body): Json<RegistrationIn>) -> Result<Reply> {
    body.validate()?;
    let person = ops::complete(view.app(), view.ground(), &body).await?;
    Ok(Reply::json(StatusCode::CREATED, &RegisteredOut { person_id: person.to_string() })?.no_store())
}
