//! Codes by the clock over HTTP.

use axum::extract::State;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use types::{Error, Installation, PersonId, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Commit, Cookie, Json, Reply, Result};
use zeroize::Zeroizing;

use super::{enrolment, is_code, ops};
use crate::factors::{Method, recovery};
use crate::letters::{self, News};
use crate::sessions::{self, SessionId, cookies};
use crate::settings::IdentitySettings;
use crate::{Ack, Identity};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(enroll_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(disable_totp))
        .routes(routes!(renew_recovery_codes))
}

/// Whose factors, and in which session.
struct Own {
    identity: std::sync::Arc<Identity>,
    person: PersonId,
    session: SessionId,
    account: String,
    issuer: String,
    code: Zeroizing<String>,
    /// The cookie that the request is signed by: a session that may more afterwards gets another one.
    cookie: Option<Cookie>,
}

impl Own {
    fn of(app: &App, caller: &Caller, code: String) -> types::Result<Self> {
        let (person, session) = sessions::own(caller)?;
        Ok(Self {
            identity: app.extension::<Identity>()?,
            person,
            session,
            account: caller.actor.label.to_string(),
            issuer: app.settings().get::<IdentitySettings>().issuer.clone(),
            code: Zeroizing::new(code),
            cookie: None,
        })
    }
}

impl Check for Own {
    fn check(&self, _: &mut Problems) {}
}

/// What an authenticator app is given. Shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolmentOut {
    /// The secret in base32, to be typed.
    secret: String,
    /// The same as an address: `otpauth://totp/...`.
    uri: String,
    /// A picture of the address, to be scanned: `data:image/svg+xml;base64,...`, for an `img` without any script.
    qr: String,
}

/// The first code of the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmIn {
    /// Six digits.
    #[schema(min_length = 6, max_length = 16)]
    code: String,
}

/// Codes for whoever loses the device. Shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodesOut {
    /// Ten, each good once; null when the ones from before still count.
    recovery_codes: Option<Vec<String>>,
}

/// Begins with codes of an authenticator app. They are not asked for before the first one is confirmed.
#[utoipa::path(post, path = "/api/v1/auth/totp/enroll", tag = "auth", operation_id = "enroll_totp",
    responses((status = 200, description = "The secret, three ways.", body = EnrolmentOut),
              (status = 409, description = "They are on already.")))]
async fn enroll_totp(State(app): State<App>, caller: Caller, commit: Commit<Installation>) -> Result<Reply> {
    let own = Own::of(&app, &caller, String::new())?;
    let reply = commit.done(own, |tx, inst, own| {
        Box::pin(async move {
            let secret = ops::begin(tx, inst, &own.identity.secrets, own.person).await?;
            let uri = enrolment::address(&own.issuer, &own.account, &secret);
            Ok(EnrolmentOut { secret: enrolment::text_of(&secret), qr: enrolment::picture(&uri)?, uri })
        })
    });
    Ok(reply.await?.no_store())
}

/// Confirms the app with its first code. From now on a password alone does not suffice.
#[utoipa::path(post, path = "/api/v1/auth/totp/confirm", tag = "auth", operation_id = "confirm_totp",
    request_body = ConfirmIn,
    responses((status = 200, description = "They are on; the recovery codes.", body = RecoveryCodesOut),
              (status = 409, description = "There is nothing to confirm.")))]
async fn confirm_totp(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    commit: Commit<Installation>,
    Json(body): Json<ConfirmIn>,
) -> Result<Reply> {
    if !is_code(&body.code) {
        let error = Error::invalid("invalid", "Some fields are not valid.");
        return Err(error.at_field("/code", "digits", "must be six digits").into());
    }
    let own = Own { cookie: cookies::of(&headers), ..Own::of(&app, &caller, body.code)? };
    let (identity, session, way) =
        (own.identity.clone(), own.session, own.cookie.as_ref().map(|one| one.way));
    let reply = commit.done(own, |tx, inst, own| {
        Box::pin(async move {
            let keys = &own.identity.secrets;
            let recovery_codes = ops::confirm(tx, inst, keys, own.person, &own.code).await?;
            if let Some(cookie) = &own.cookie {
                cookies::renew(tx, inst, keys, cookie).await?;
            }
            let now = tx.now();
            sessions::store::second_factor_shown(tx, inst, own.session, Method::Totp.as_str(), now).await?;
            Ok(RecoveryCodesOut { recovery_codes })
        })
    });
    let reply = reply.await;
    identity.callers.forget_session(session);
    Ok(cookies::replaced(reply?.no_store(), &app, &identity, way, session).await?)
}

/// Asks for codes of an authenticator app no more.
#[utoipa::path(post, path = "/api/v1/auth/totp/disable", tag = "auth", operation_id = "disable_totp",
    responses((status = 200, description = "They are off.", body = Ack),
              (status = 409, description = "They were off.")))]
async fn disable_totp(State(app): State<App>, caller: Caller, commit: Commit<Installation>) -> Result<Reply> {
    let own = Own::of(&app, &caller, String::new())?;
    let identity = own.identity.clone();
    let reply = commit
        .done(own, |tx, inst, own| {
            Box::pin(async move { ops::disable(tx, inst, own.person).await.map(|()| Ack::OK) })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Ten new recovery codes in place of the old ones.
#[utoipa::path(post, path = "/api/v1/auth/totp/recovery-codes", tag = "auth", operation_id = "renew_recovery_codes",
    responses((status = 200, description = "The new ones.", body = RecoveryCodesOut),
              (status = 409, description = "There is no second factor that they could stand in for.")))]
async fn renew_recovery_codes(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
) -> Result<Reply> {
    let own = Own::of(&app, &caller, String::new())?;
    let reply = commit.done(own, |tx, inst, own| {
        Box::pin(async move {
            if !crate::factors::ops::held(tx, inst, own.person).await?.any() {
                let message = "Recovery codes stand in for a second factor, and there is none.";
                return Err(Error::conflict("no_second_factor", message));
            }
            let recovery_codes = Some(recovery::ops::renew(tx, inst, own.person).await?);
            letters::door(tx, inst, own.person, News::CodesMade).await?;
            Ok(RecoveryCodesOut { recovery_codes })
        })
    });
    Ok(reply.await?.no_store())
}
