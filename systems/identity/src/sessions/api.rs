//! Tokens, and the list of one's own sessions.

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
use super::siege::Siege;
use super::{SessionKind, cookies, ops, store};
use crate::callers::person_of;
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
}

const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &[] };

/// Signing in, as an OAuth 2 form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenIn {
    /// The e-mail address. Case and blanks around it do not matter.
    username: String,
    #[schema(format = Password)]
    password: String,
    /// `password`, if it is sent at all.
    grant_type: Option<String>,
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

/// Signs in with address and password.
#[utoipa::path(post, path = "/api/v1/auth/token", tag = "auth", operation_id = "create_token",
    request_body(content = TokenIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A pair of tokens.", body = TokenPair),
              (status = 401, description = "Address or password is not right; which one is not said.")))]
async fn create_token(
    view: View<Installation>,
    client: Client,
    headers: HeaderMap,
    Form(body): Form<TokenIn>,
) -> Result<Reply> {
    if body.grant_type.is_some_and(|grant| grant != "password") {
        let message = "Only the grant type `password` is known here.";
        return Err(Error::malformed("unsupported_grant_type", message).into());
    }
    let identity = view.app().extension::<Identity>()?;
    let entry = Entry { username: body.username, password: body.password, kind: SessionKind::Tokens };
    let grant = enter(&view, &identity, client, &headers, entry).await?;
    Ok(Reply::ok(&ops::pair(view.app(), &identity, &grant).await?)?.no_store())
}

/// What somebody says at the door, and what they want to have afterwards.
pub(super) struct Entry {
    pub(super) username: String,
    pub(super) password: String,
    pub(super) kind: SessionKind,
}

/// Opens a session for the right password, at the pace that the account can stand.
pub(super) async fn enter(
    view: &View<Installation>,
    identity: &Identity,
    client: Client,
    headers: &HeaderMap,
    entry: Entry,
) -> types::Result<Grant> {
    let app = view.app();
    let email_key = email_key(&entry.username);
    let siege = Siege::of(&email_key);
    siege.pace(app).await;
    let origin = origin(headers, client);
    let password = password_text(&Zeroizing::new(entry.password));
    let door = ops::SignIn { email_key, password, origin, kind: entry.kind };
    let signed_in = ops::sign_in(app, identity, view.ground(), door).await;
    if let Err(error) = &signed_in {
        identity.refusals.count(error.code(), client.0, app.clock().now());
        siege.failed(app).await;
    }
    signed_in
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
