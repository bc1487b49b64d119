//! Signing in with a browser.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use types::{Error, Installation, Problems, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Client, Commit, Cookie, Json, Reply, Result, View, Way};

use super::{again, issue, leave_old, renew};
use crate::Identity;
use crate::factors::passkeys::AssertionIn;
use crate::factors::passkeys::api_sign_in::{self, PasskeySignInIn};
use crate::sessions::api::{origin, own};
use crate::sessions::api_entry::{Entry, enter};
use crate::sessions::ops::Grant;
use crate::sessions::ops_door::Guest;
use crate::sessions::{SessionId, SessionKind, store};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_session_by_passkey))
        .routes(routes!(create_session, get_own_session))
        .routes(routes!(renew_session))
}

/// Signing in with a browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionIn {
    /// The e-mail address. Case and blanks around it do not matter. With a `challenge` it is not needed.
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
    /// The code that the authenticator app shows, or a recovery code: with the password, or with the challenge.
    #[serde(default)]
    #[schema(max_length = 64)]
    totp: Option<String>,
    /// From the refusal `second_factor_required`.
    #[serde(default)]
    #[schema(max_length = 128)]
    challenge: Option<String>,
    /// What a passkey signed for the challenge.
    #[serde(default)]
    passkey: Option<AssertionIn>,
}

impl SessionIn {
    fn entry(self) -> types::Result<Entry> {
        match self.challenge {
            Some(challenge) => Entry::factor(Some(challenge), self.totp, self.passkey),
            None => Entry::password(self.email, self.password, self.totp, "/email"),
        }
    }
}

/// The session of a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnSessionOut {
    #[schema(value_type = String, example = "ses_01j9z3k4m5n6p7q8r9s0t1v2w3")]
    id: SessionId,
    kind: SessionKind,
    /// What a page sends as `X-CSRF-Token` with everything that changes something; null for a session by tokens.
    csrf_token: Option<String>,
    /// The day it ends whatever happens.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// Signs a browser in: the session is in a cookie that scripts cannot read.
///
/// The request must come from one of our own pages, over HTTPS or from the machine itself. Whatever cookie it brings is
/// replaced, and the session of that one ends. Whoever has a second factor is answered 401 `second_factor_required`, as at
/// `POST /api/v1/auth/token`, and sends `challenge` with `totp` or `passkey`.
#[utoipa::path(post, path = "/api/v1/auth/session", tag = "auth", operation_id = "create_session",
    request_body = SessionIn,
    responses((status = 200, description = "Signed in, with `Set-Cookie`.", body = OwnSessionOut),
              (status = 401, description = "Address or password is not right; which one is not said."),
              (status = 403, description = "Not from one of our own pages, or not over HTTPS.")))]
async fn create_session(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<SessionIn>,
) -> Result<Reply> {
    let app = view.app();
    let identity = app.extension::<Identity>()?;
    let way = Way::of(app, &headers)?;
    web::own_page(app, &headers)?;
    let guest = Guest { origin: origin(&headers, client), kind: SessionKind::Cookie };
    let grant = enter(&view, &identity, client, guest, body.entry()?).await?;
    signed_in(&view, &identity, way, &headers, &grant).await
}

/// Signs a browser in with a passkey, for the options of `POST /api/v1/auth/passkeys/sign-in/begin`.
#[utoipa::path(post, path = "/api/v1/auth/session/passkey", tag = "auth", operation_id = "create_session_by_passkey",
    request_body = PasskeySignInIn,
    responses((status = 200, description = "Signed in, with `Set-Cookie`.", body = OwnSessionOut),
              (status = 401, description = "The passkey is not known here, or its answer is not right."),
              (status = 403, description = "Not from one of our own pages, or not over HTTPS.")))]
async fn create_session_by_passkey(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<PasskeySignInIn>,
) -> Result<Reply> {
    let app = view.app();
    let identity = app.extension::<Identity>()?;
    let way = Way::of(app, &headers)?;
    web::own_page(app, &headers)?;
    let guest = Guest { origin: origin(&headers, client), kind: SessionKind::Cookie };
    let grant = api_sign_in::enter(&view, &identity, client, guest, body).await?;
    signed_in(&view, &identity, way, &headers, &grant).await
}

/// The session in a cookie; the one that the browser held before ends.
async fn signed_in(
    view: &View<Installation>,
    identity: &Identity,
    way: Way,
    headers: &HeaderMap,
    grant: &Grant,
) -> Result<Reply> {
    let app = view.app();
    leave_old(app, identity, view.ground(), headers).await;
    let cookie = issue(app, identity, way, grant);
    let text = super::text(&identity.secrets, grant.session, &grant.salt, grant.generation);
    let out = OwnSessionOut {
        id: grant.session,
        kind: SessionKind::Cookie,
        csrf_token: Some(app.csrf_token(&text)),
        expires_at: grant.expires_at,
    };
    Ok(Reply::ok(&out)?.no_store().cookie(cookie))
}

/// The session of this request, with the token that a page needs after it was loaded again.
#[utoipa::path(get, path = "/api/v1/auth/session", tag = "auth", operation_id = "get_own_session",
    responses((status = 200, description = "The session.", body = OwnSessionOut)))]
async fn get_own_session(caller: Caller, headers: HeaderMap, view: View<Installation>) -> Result<Reply> {
    let (person, session) = own(&caller)?;
    let app = view.app().clone();
    let csrf_token = browsers(&headers).ok().map(|cookie| app.csrf_token(&cookie.text));
    let reply = view.body((person, session, csrf_token), |rx, inst, (person, session, csrf_token)| {
        Box::pin(async move {
            let row = store::of_person(rx, inst, *person, *session).await?.ok_or_else(Error::not_found)?;
            let kind = if csrf_token.is_some() { SessionKind::Cookie } else { SessionKind::Tokens };
            Ok(OwnSessionOut { id: row.id, kind, csrf_token: csrf_token.clone(), expires_at: row.expires_at })
        })
    });
    Ok(reply.await?.no_store())
}

/// What the unit of a renewal needs.
struct Renewal {
    app: App,
    identity: Arc<Identity>,
    cookie: Cookie,
    session: SessionId,
}

impl Check for Renewal {
    fn check(&self, _: &mut Problems) {}
}

/// Gives the session of this request another cookie. The one before is worth nothing from then on.
#[utoipa::path(post, path = "/api/v1/auth/session/renew", tag = "auth", operation_id = "renew_session",
    responses((status = 200, description = "The session, with `Set-Cookie`.", body = OwnSessionOut),
              (status = 403, description = "This request is not signed by a cookie.")))]
async fn renew_session(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    commit: Commit<Installation>,
) -> Result<Reply> {
    let (_, session) = own(&caller)?;
    let cookie = browsers(&headers)?;
    let (way, identity) = (cookie.way, app.extension::<Identity>()?);
    let renewal = Renewal { app: app.clone(), identity: identity.clone(), cookie, session };
    let reply = commit.done(renewal, |tx, inst, one| {
        Box::pin(async move {
            let text = renew(tx, inst, &one.identity.secrets, &one.cookie).await?;
            let row = store::state(tx, inst, one.session).await?.ok_or_else(Error::not_found)?;
            let csrf_token = Some(one.app.csrf_token(&text));
            Ok(OwnSessionOut { id: row.id, kind: row.kind, csrf_token, expires_at: row.expires_at })
        })
    });
    let reply = reply.await?;
    Ok(reply.no_store().cookie(again(&app, &identity, way, session).await?))
}

/// The cookie that this request is signed by.
fn browsers(headers: &HeaderMap) -> types::Result<Cookie> {
    let message = "This is for sessions of browsers; yours is by tokens.";
    super::of(headers).ok_or_else(|| Error::forbidden("cookie_needed", message))
}
