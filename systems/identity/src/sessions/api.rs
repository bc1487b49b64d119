//! Tokens, and the list of one's own sessions.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderMap;
use query::{Page, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, Installation, PersonId, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Client, Commit, Form, Json, ListShape, Path, Reply, Result, Tier, View};
use zeroize::Zeroizing;

use super::model::{Origin, SessionId, SessionOut, TokenPair};
use super::ops::Grant;
use super::ops_door::{self, Guest};
use super::siege::Siege;
use super::{SessionKind, api_proof, cookies, ops, store};
use crate::callers::person_of;
use crate::factors::Shown;
use crate::factors::passkeys::AssertionIn;
use crate::people::{email_key, password_text};
use crate::{Ack, Identity};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_token))
        .routes(routes!(refresh_token))
        .routes(routes!(logout))
        .routes(routes!(logout_all))
        .routes(routes!(list_sessions))
        .routes(routes!(revoke_session))
        .routes(routes!(revoke_other_sessions))
        .merge(api_proof::routes())
}

pub(crate) const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &[] };

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

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevokedOut {
    revoked_count: usize,
}

/// A session to end.
struct One {
    person: PersonId,
    session: SessionId,
}

/// All sessions of somebody but one.
struct Others {
    person: PersonId,
    keep: Option<SessionId>,
}

impl Check for One {
    fn check(&self, _: &mut Problems) {}
}

impl Check for Others {
    fn check(&self, _: &mut Problems) {}
}

/// Where a request came from, as far as it can be told.
pub(crate) fn origin(headers: &HeaderMap, client: Client) -> Origin {
    let agent = headers.get(http::header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    Origin::new(agent.as_deref().unwrap_or_default(), client.0)
}

/// The person and session behind an access token or a cookie; a key has neither.
pub(crate) fn own(caller: &Caller) -> types::Result<(PersonId, SessionId)> {
    let session = caller.session.as_deref().and_then(|session| session.parse().ok());
    person_of(caller).zip(session).ok_or_else(|| {
        Error::forbidden("person_needed", "An API key has no sessions. Sign in with an access token.")
    })
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
    let go_on = match body.grant_type.as_deref() {
        None | Some("password") => false,
        Some("second_factor") => true,
        Some(_) => {
            let message = "Only the grant types `password` and `second_factor` are known here.";
            return Err(Error::malformed("unsupported_grant_type", message).into());
        }
    };
    let entry = body.entry(go_on)?;
    let guest = Guest { origin: origin(&headers, client), kind: SessionKind::Tokens };
    let grant = enter(&view, &identity, client, guest, entry).await?;
    Ok(Reply::ok(&ops::pair(view.app(), &identity, &grant).await?)?.no_store())
}

impl TokenIn {
    fn entry(self, go_on: bool) -> types::Result<Entry> {
        let passkey = self.passkey.map(|json| web::read_json(json.as_bytes())).transpose()?;
        if go_on {
            return Entry::factor(self.challenge, self.totp, passkey);
        }
        Entry::password(self.username, self.password, self.totp, "/username")
    }
}

/// What somebody says at the door.
pub(super) enum Entry {
    Password {
        email_key: String,
        password: Zeroizing<String>,
        code: Option<Zeroizing<String>>,
    },
    /// The answer to a challenge.
    Code {
        challenge: String,
        code: Zeroizing<String>,
    },
    Passkey {
        challenge: String,
        assertion: Box<AssertionIn>,
    },
}

impl Entry {
    pub(super) fn password(
        name: Option<String>,
        password: Option<String>,
        code: Option<String>,
        field: &'static str,
    ) -> types::Result<Self> {
        Ok(Self::Password {
            email_key: email_key(&name.ok_or_else(|| missing(field))?),
            password: password_text(&Zeroizing::new(password.ok_or_else(|| missing("/password"))?)),
            code: code.map(Zeroizing::new),
        })
    }

    pub(super) fn factor(
        challenge: Option<String>,
        code: Option<String>,
        passkey: Option<AssertionIn>,
    ) -> types::Result<Self> {
        let challenge = challenge.ok_or_else(|| missing("/challenge"))?;
        match (code, passkey) {
            (Some(code), None) => Ok(Self::Code { challenge, code: Zeroizing::new(code) }),
            (None, Some(assertion)) => Ok(Self::Passkey { challenge, assertion: Box::new(assertion) }),
            _ => Err(missing("/totp")),
        }
    }
}

/// Opens a session for whoever shows what it takes, at the pace that the account can stand.
pub(super) async fn enter(
    view: &View<Installation>,
    identity: &Arc<Identity>,
    client: Client,
    guest: Guest,
    entry: Entry,
) -> types::Result<Grant> {
    let (app, inst) = (view.app(), view.ground());
    let siege = match &entry {
        Entry::Password { email_key, .. } => Some(Siege::of(email_key)),
        _ => None,
    };
    if let Some(siege) = &siege {
        siege.pace(app).await;
    }
    let opened = match entry {
        Entry::Password { email_key, password, code } => {
            let door = ops_door::SignIn { email_key, password, shown: code.map(Shown::Code) };
            ops_door::sign_in(app, identity, inst, door, guest).await
        }
        Entry::Code { challenge, code } => {
            ops_door::answer(app, identity, inst, &challenge, ops_door::Answer::Code(code), guest).await
        }
        Entry::Passkey { challenge, assertion } => {
            ops_door::answer(app, identity, inst, &challenge, ops_door::Answer::Passkey(assertion), guest)
                .await
        }
    };
    if let Err(error) = &opened
        && error.code() != "second_factor_required"
    {
        identity.refusals.count(error.code(), client.0, app.clock().now());
        if let Some(siege) = siege {
            siege.failed(app).await;
        }
    }
    opened
}

fn missing(field: &'static str) -> Error {
    Error::invalid("invalid", "Some fields are not valid.").at_field(field, "required", "is needed here")
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
    Ok(Reply::ok(&refreshed?)?.no_store())
}

/// Ends the session of this request, and takes its cookie away if it came with one.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "logout",
    responses((status = 200, description = "Signed out.", body = Ack)))]
async fn logout(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    commit: Commit<Installation>,
) -> Result<Reply> {
    let (person, session) = own(&caller)?;
    Ok(cookies::cleared(revoke_one(&app, commit, person, session).await?, &headers))
}

/// Ends all sessions of the person, this one too.
#[utoipa::path(post, path = "/api/v1/auth/logout-all", tag = "auth", operation_id = "logout_all",
    responses((status = 200, description = "Signed out everywhere.", body = RevokedOut)))]
async fn logout_all(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    commit: Commit<Installation>,
) -> Result<Reply> {
    let (person, _) = own(&caller)?;
    Ok(cookies::cleared(revoke_many(&app, commit, person, None).await?, &headers))
}

/// Ends all sessions of the person but this one.
#[utoipa::path(post, path = "/api/v1/auth/sessions/revoke-others", tag = "auth", operation_id = "revoke_other_sessions",
    responses((status = 200, description = "How many were ended.", body = RevokedOut)))]
async fn revoke_other_sessions(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
) -> Result<Reply> {
    let (person, session) = own(&caller)?;
    revoke_many(&app, commit, person, Some(session)).await
}

async fn revoke_many(
    app: &App,
    commit: Commit<Installation>,
    person: PersonId,
    keep: Option<SessionId>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let reply = commit
        .done(Others { person, keep }, |tx, inst, others| {
            Box::pin(async move {
                let revoked_count = ops::revoke_all(tx, inst, others.person, others.keep).await?;
                Ok(RevokedOut { revoked_count })
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Ends one of the person's sessions.
#[utoipa::path(post, path = "/api/v1/auth/sessions/{id}/revoke", tag = "auth", operation_id = "revoke_session",
    params(("id" = String, Path, description = "The session's id.")),
    responses((status = 200, description = "Ended, now or before.", body = Ack)))]
async fn revoke_session(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<SessionId>,
) -> Result<Reply> {
    let (person, _) = own(&caller)?;
    revoke_one(&app, commit, person, id).await
}

async fn revoke_one(
    app: &App,
    commit: Commit<Installation>,
    person: PersonId,
    session: SessionId,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let reply = commit
        .done(One { person, session }, |tx, inst, one| {
            Box::pin(async move { ops::revoke(tx, inst, one.person, one.session).await.map(|()| Ack::OK) })
        })
        .await;
    identity.callers.forget_session(session);
    reply
}

/// The sessions of the person, the newest first.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "list_sessions",
    params(query::ListParams),
    responses((status = 200, description = "A page of sessions.", body = Page<SessionOut>)))]
async fn list_sessions(caller: Caller, view: View<Installation>) -> Result<Reply> {
    let (person, session) = own(&caller)?;
    let (list, _) = view.asked(&SHAPE)?;
    view.body((person, session, list), |rx, inst, (person, session, list)| {
        Box::pin(async move {
            let page = store::page(rx, inst, *person, list).await?;
            Ok(page.map(|row| SessionOut::of(row, Some(*session))))
        })
    })
    .await
}
