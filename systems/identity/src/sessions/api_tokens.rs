//! Tokens over HTTP: the first pair for a sign-in, and the next one for a refresh token.

use http::HeaderMap;
use serde::Deserialize;
use types::{Error, Installation, Kind};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Client, Form, Json, Reply, Result, Tier, View};

use super::api::origin;
use super::api_entry::{Entry, enter};
use super::model::TokenPair;
use super::ops_door::Guest;
use super::{SessionKind, ops};
use crate::Identity;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_token)).routes(routes!(refresh_token))
}

/// Signing in, as an OAuth 2 form: with `username` and `password`, or, after `second_factor_required`, with
/// `grant_type=second_factor`, the `challenge` and a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenIn {
    /// The e-mail address. Case and blanks around it do not matter.
    username: Option<String>,
    #[schema(format = Password)]
    password: Option<String>,
    /// The code that the authenticator app shows, or a recovery code. It may come with the password, so that whoever has a
    /// second factor needs one request.
    #[schema(max_length = 64)]
    totp: Option<String>,
    /// `password`, if it is sent at all, or `second_factor`.
    grant_type: Option<String>,
    /// From the refusal `second_factor_required`.
    #[schema(max_length = 128)]
    challenge: Option<String>,
    /// What a passkey signed, as the JSON of `PublicKeyCredential.toJSON()`.
    passkey: Option<String>,
    /// Read and ignored: what a token may do is what its person may do.
    #[allow(dead_code, reason = "OAuth clients send it")]
    scope: Option<String>,
    /// Read and ignored.
    #[allow(dead_code, reason = "OAuth clients send it")]
    client_id: Option<String>,
}

/// A refresh token, to be exchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshIn {
    /// The newest one of the session.
    refresh_token: String,
}

/// Signs in with address and password, and with a second factor where the person has one.
///
/// Without it the right password is answered 401 `second_factor_required`, with `challenge`, `methods` (`totp`, `passkey`,
/// `recovery_code`), `expires_in` and, for a passkey, the options of `navigator.credentials.get` in `passkey`. Send the
/// challenge back within five minutes with `grant_type=second_factor` and `totp` or `passkey`. It works once.
#[utoipa::path(post, path = "/api/v1/auth/token", tag = "auth", operation_id = "create_token",
    request_body(content = TokenIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A pair of tokens.", body = TokenPair),
              (status = 401, description = "Address or password is not right; which one is not said. Or a second factor is missing or not right.")))]
async fn create_token(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    Form(body): Form<TokenIn>,
) -> Result<Reply> {
    let identity = view.app().extension::<Identity>()?;
    let entry = body.entry().map_err(in_words_of_oauth)?;
    let guest = Guest { origin: origin(&headers, client), kind: SessionKind::Tokens };
    let grant = enter(&view, &identity, client, guest, entry).await.map_err(in_words_of_oauth)?;
    Ok(Reply::ok(&ops::pair(view.app(), &identity, &grant).await?)?.no_store())
}

impl TokenIn {
    fn entry(self) -> types::Result<Entry> {
        let go_on = match self.grant_type.as_deref() {
            None | Some("password") => false,
            Some("second_factor") => true,
            Some(_) => {
                let message = "Only the grant types `password` and `second_factor` are known here.";
                return Err(Error::malformed("unsupported_grant_type", message));
            }
        };
        let passkey = self.passkey.map(|json| web::read_json(json.as_bytes())).transpose()?;
        if go_on {
            return Entry::factor(self.challenge, self.totp, passkey);
        }
        Entry::password(self.username, self.password, self.totp, "/username")
    }
}

/// Exchanges a refresh token for the next pair.
///
/// Each refresh token works once. For ten seconds afterwards the one before answers with the same successor again, for a
/// client that lost the answer. Any later use means that somebody else holds a copy, and ends all sessions of the person, or
/// only this one where `sessions.on_reuse` says so.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", operation_id = "refresh_token",
    request_body = RefreshIn,
    responses((status = 200, description = "The next pair.", body = TokenPair),
              (status = 401, description = "Not valid, or not valid any more.")))]
async fn refresh_token(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<RefreshIn>,
) -> Result<Reply> {
    let app = view.app();
    let identity = app.extension::<Identity>()?;
    if let Some(session) = ops::claimed_session(&body.refresh_token) {
        app.limit_subject(Tier::Refresh, &session.to_string()).await?;
    }
    let origin = origin(&headers, client);
    let refreshed = ops::refresh(app, &identity, view.ground(), &body.refresh_token, origin).await;
    if let Err(error) = &refreshed {
        identity.refusals.count(error.code(), client.0, app.clock().now());
    }
    Ok(Reply::ok(&refreshed.map_err(in_words_of_oauth)?)?.no_store())
}

/// A refusal with the member `error` beside those of a problem: it is what OAuth clients look for (RFC 6749, 5.2), and one that does
/// not find it takes the refusal for a token.
fn in_words_of_oauth(refusal: Error) -> Error {
    let word = match (refusal.kind(), refusal.code()) {
        (Kind::Unauthenticated, "second_factor_required") => "second_factor_required",
        (Kind::Unauthenticated, _) => "invalid_grant",
        (_, "unsupported_grant_type") => "unsupported_grant_type",
        (Kind::Invalid | Kind::Malformed, _) => "invalid_request",
        _ => return refusal,
    };
    refusal.with("error", word)
}
