//! One's own sessions: listed and ended. How one begins stands in `api_tokens` and `cookies`.

use axum::extract::State;
use http::HeaderMap;
use query::{Page, SortFields};
use serde::Serialize;
use types::{Error, Installation, PersonId, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Client, Commit, ListShape, Path, Reply, Result, View};

use super::model::{Origin, SessionId, SessionOut};
use super::{cookies, ops, store};
use crate::callers::person_of;
use crate::{Ack, Identity};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(logout))
        .routes(routes!(logout_all))
        .routes(routes!(list_sessions))
        .routes(routes!(revoke_session))
        .routes(routes!(revoke_other_sessions))
}

pub(crate) const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &[] };

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
