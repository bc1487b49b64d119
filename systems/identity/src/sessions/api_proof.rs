//! Proving oneself again, over HTTP.

use axum::extract::State;
use http::HeaderMap;
use serde::Deserialize;
use types::{Installation, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Client, Json, Reply, Result, View};
use zeroize::Zeroizing;

use super::api::own;
use super::cookies;
use super::ops_door::invalid_challenge;
use super::ops_proof::{self, StepUp};
use super::siege::Siege;
use crate::factors::passkeys::{self, AssertionIn, RequestOptions};
use crate::factors::{Purpose, Shown, challenge};
use crate::people::{email_key, password_text};
use crate::{Ack, Identity};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(step_up)).routes(routes!(begin_step_up))
}

/// A proof of who one is: password and second factor, or a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUpIn {
    /// Not needed with a passkey, and by whoever has none.
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
    /// The code that the authenticator app shows, or a recovery code, where there is a second factor.
    #[serde(default)]
    #[schema(max_length = 64)]
    totp: Option<String>,
    /// What a passkey signed, for the options of `POST /api/v1/auth/step-up/passkey`.
    #[serde(default)]
    passkey: Option<AssertionIn>,
}

impl Check for StepUpIn {
    fn check(&self, problems: &mut Problems) {
        if self.password.is_none() && self.totp.is_none() && self.passkey.is_none() {
            problems.add("/password", "required", "is needed, unless a passkey is shown");
        }
        if self.totp.is_some() && self.passkey.is_some() {
            problems.add("/totp", "too_much", "must not come with a passkey");
        }
    }
}

/// Proves again who is asking.
///
/// Dangerous acts answer 403 `step_up_required` when the last proof of the session is older than `identity.step_up_age`. After
/// this they work in this session for that long. The cookie of a browser is replaced.
#[utoipa::path(post, path = "/api/v1/auth/step-up", tag = "auth", operation_id = "step_up",
    request_body = StepUpIn,
    responses((status = 200, description = "Proven.", body = Ack),
              (status = 401, description = "The password or the second factor is not right, or missing.")))]
async fn step_up(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    view: View<Installation>,
    headers: HeaderMap,
    Json(body): Json<StepUpIn>,
) -> Result<Reply> {
    let (person, session) = own(&caller)?;
    body.validate()?;
    let identity = app.extension::<Identity>()?;
    let (mut shown, mut challenge) = (body.totp.map(|code| Shown::Code(Zeroizing::new(code))), None);
    if let Some(assertion) = body.passkey {
        let text = passkeys::ops::claimed_challenge(&assertion)?;
        let read = challenge::read(&identity.secrets, Purpose::StepUp, &text, app.clock().now());
        let read = read.filter(|read| read.subject == *session.as_bytes()).ok_or_else(invalid_challenge)?;
        challenge = Some(read);
        let signed = passkeys::ops::verify(&app, view.ground(), &text, assertion).await?;
        shown = Some(Shown::Passkey(Box::new(signed)));
    }
    let siege = Siege::of(&email_key(&caller.actor.label));
    siege.pace(&app).await;
    let password = body.password.map(|typed| password_text(&Zeroizing::new(typed)));
    let cookie = cookies::of(&headers);
    let way = cookie.as_ref().map(|cookie| cookie.way);
    let wish = StepUp { person, session, password, shown, challenge, cookie };
    let done = ops_proof::step_up(&app, &identity, view.ground(), wish).await;
    if let Err(error) = &done
        && error.code() != "second_factor_required"
    {
        identity.refusals.count(error.code(), client.0, app.clock().now());
        siege.failed(&app).await;
    }
    done?;
    let reply = Reply::ok(&Ack::OK)?.no_store();
    Ok(cookies::replaced(reply, &app, &identity, way, session).await?)
}

/// What a browser needs to prove it with a passkey.
#[utoipa::path(post, path = "/api/v1/auth/step-up/passkey", tag = "auth", operation_id = "begin_step_up",
    responses((status = 200, description = "Options for `navigator.credentials.get`.", body = RequestOptions),
              (status = 409, description = "There are no passkeys at the public address.")))]
async fn begin_step_up(State(app): State<App>, caller: Caller, view: View<Installation>) -> Result<Reply> {
    let (person, session) = own(&caller)?;
    let identity = app.extension::<Identity>()?;
    let site = passkeys::ops::site(&app)?;
    let read = app.db().read((view.ground().clone(), person), |rx, (inst, person)| {
        Box::pin(passkeys::store::all(rx, inst, *person))
    });
    let has = read.await?;
    let now = app.clock().now();
    let text = challenge::make(&identity.secrets, Purpose::StepUp, *session.as_bytes(), None, now);
    Ok(Reply::ok(&passkeys::ops::options(&site, text, &has))?.no_store())
}
