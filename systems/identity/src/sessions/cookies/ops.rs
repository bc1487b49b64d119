//! Putting a session's cookie on a reply, and giving a session another one.

use db::Tx;
use http::HeaderMap;
use types::{Error, Installation, Result};
use web::{App, Caller, Cookie, Credential, Reply, SetCookie, Way};

use crate::Identity;
use crate::callers::{ground, person_of, session_ended};
use crate::secrets::{self, Secrets};
use crate::sessions::ops::{self, Grant};
use crate::sessions::{SessionId, store};

/// The cookie of a session that was just opened: `reply.cookie(issue(..))`, or `issue(..).put(response.headers_mut())`.
pub(crate) fn issue(app: &App, identity: &Identity, way: Way, grant: &Grant) -> SetCookie {
    let text = super::text(&identity.secrets, grant.session, &grant.salt, grant.generation);
    way.set(app, &text, grant.expires_at.since(app.clock().now()))
}

/// The cookie that a session has now: for the reply to a commit in which [`renew`] was called.
pub(crate) async fn again(app: &App, identity: &Identity, way: Way, session: SessionId) -> Result<SetCookie> {
    let read = app.db().read((ground(), session), |rx, (inst, id)| Box::pin(store::state(rx, inst, *id)));
    let row = read.await?.ok_or_else(Error::not_found)?;
    identity.callers.forget_session(session);
    Ok(issue(app, identity, way, &Grant::of(&row, 0)))
}

/// Gives the session of a cookie another one, in the commit that raises what it may do; tells the new text. The one before is
/// worth nothing from then on (A16), so of two that present it at once one is refused.
pub(crate) async fn renew(
    tx: &mut Tx,
    inst: &Installation,
    secrets: &Secrets,
    cookie: &Cookie,
) -> Result<String> {
    let session = super::session_of(&cookie.text).ok_or_else(session_ended)?;
    let row = store::state(tx, inst, session).await?.ok_or_else(session_ended)?;
    let text = super::text(secrets, row.id, &row.salt, row.generation + 1);
    let (presented, next, now) = (secrets::hash(&cookie.text), secrets::hash(&text), tx.now());
    if store::replace_cookie(tx, inst, row.id, &presented, &next, now).await? {
        return Ok(text);
    }
    Err(session_ended())
}

/// The same for a commit that renewed the cookie if there was one, which came this way.
pub(crate) async fn replaced(
    reply: Reply,
    app: &App,
    identity: &Identity,
    way: Option<Way>,
    session: SessionId,
) -> Result<Reply> {
    match way {
        Some(way) => Ok(reply.cookie(again(app, identity, way, session).await?)),
        None => Ok(reply),
    }
}

/// The cookie that a request is signed by, if it is.
pub(crate) fn of(headers: &HeaderMap) -> Option<Cookie> {
    match Credential::read(headers) {
        Ok(Some(Credential::Cookie(cookie))) => Some(cookie),
        _ => None,
    }
}

/// Takes the cookie away from whoever came with one.
pub(crate) fn cleared(reply: Reply, headers: &HeaderMap) -> Reply {
    match of(headers) {
        Some(cookie) => reply.cookie(cookie.way.clear()),
        None => reply,
    }
}

/// Ends the session that a browser held before it signed in anew: its cookie is overwritten, so nobody could end it but
/// from the list.
pub(crate) async fn leave_old(app: &App, identity: &Identity, inst: &Installation, headers: &HeaderMap) {
    let Ok(Some(Credential::Cookie(cookie))) = Credential::read(headers) else { return };
    let Ok(caller) = identity.by_cookie(app, &cookie, None, None).await else { return };
    if let Err(error) = end(app, inst, &caller).await {
        tracing::warn!(error = error.detail(), "the session that a browser held before was not ended");
    }
    identity.callers.forget();
}

async fn end(app: &App, inst: &Installation, caller: &Caller) -> Result<()> {
    let session = caller.session.as_deref().and_then(|id| id.parse::<SessionId>().ok());
    let Some((person, session)) = person_of(caller).zip(session) else { return Ok(()) };
    let by = Installation::of_request(caller.actor.clone(), inst.trace().clone());
    let write = app.db().write((by, person, session), |tx, (by, person, session)| {
        Box::pin(ops::revoke(tx, by, *person, *session))
    });
    write.await
}
