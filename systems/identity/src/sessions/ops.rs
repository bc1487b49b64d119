//! Refreshing and ending sessions. How one begins stands in `ops_door`, how somebody proves themselves again in `ops_proof`.

use std::sync::Arc;
use std::time::Duration;

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result, Time};
use web::{App, Fault};

use super::model::{Origin, SessionId, SessionState, TokenPair};
use super::refresh::{self, Presented, Rule, Verdict};
use super::store;
use crate::people::{self, Status};
use crate::settings::{IdentitySettings, OnReuse, SessionSettings};
use crate::signing::Claims;
use crate::{Identity, events, secrets};

/// A session as far as its next secret needs it.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) session: SessionId,
    pub(crate) person: PersonId,
    pub(crate) generation: i64,
    pub(crate) salt: Vec<u8>,
    pub(crate) expires_at: Time,
}

impl Grant {
    /// What a row grants, so many generations later.
    pub(crate) fn of(row: &SessionState, further: i64) -> Self {
        Self {
            session: row.id,
            person: row.person,
            generation: row.generation + further,
            salt: row.salt.clone(),
            expires_at: row.expires_at,
        }
    }
}

pub(super) async fn is_active(tx: &mut Tx, inst: &Installation, person: PersonId) -> Result<bool> {
    Ok(people::store::get(tx, inst, person).await?.is_some_and(|row| row.status == Status::Active))
}

/// The same, for whoever proved who they are while their proof was this one.
pub(super) async fn stands(tx: &mut Tx, inst: &Installation, person: PersonId, proof: i64) -> Result<bool> {
    let row = people::store::get(tx, inst, person).await?;
    Ok(row.is_some_and(|row| row.status == Status::Active && row.proof == proof))
}

/// The tokens of a session that was opened or refreshed.
pub(crate) async fn pair(app: &App, identity: &Identity, grant: &Grant) -> Result<TokenPair> {
    let now = app.clock().now();
    let life = app.settings().get::<IdentitySettings>().access_token_life;
    let expires = now.plus(life).min(grant.expires_at).as_seconds();
    let issuer = identity.signing.issuer();
    let claims = Claims {
        iss: issuer.issuer.clone(),
        aud: issuer.audience.to_owned(),
        sub: grant.person,
        sid: grant.session,
        jti: secrets::random_text::<16>(),
        iat: now.as_seconds(),
        nbf: now.as_seconds(),
        exp: expires,
    };
    Ok(TokenPair {
        access_token: identity.signing.sign(app.db(), &identity.secrets, &claims).await?,
        refresh_token: refresh::token(&identity.secrets, grant.session, &grant.salt, grant.generation),
        token_type: "bearer",
        expires_in: u64::try_from(expires - now.as_seconds()).unwrap_or(0),
    })
}

/// What became of a refresh, once it is committed.
enum Outcome {
    Granted(Grant),
    Reused,
    Refused,
}

/// What the unit of a refresh needs.
struct Refresh {
    identity: Arc<Identity>,
    inst: Installation,
    presented: Presented,
    origin: Origin,
    leeway: Duration,
    idle: Duration,
    on_reuse: OnReuse,
    forgiving: bool,
}

/// The session that a refresh token claims to be of; `None` for text that is no refresh token.
pub(crate) fn claimed_session(text: &str) -> Option<SessionId> {
    refresh::parse(text).map(|presented| presented.session)
}

/// Exchanges a refresh token for the next pair. Ending the session after reuse commits like any other outcome, so it
/// can not be rolled back together with the refusal.
pub(crate) async fn refresh(
    app: &App,
    identity: &Arc<Identity>,
    inst: &Installation,
    text: &str,
    origin: Origin,
) -> Result<TokenPair> {
    let presented = refresh::parse(text).ok_or_else(invalid_refresh)?;
    let settings = app.settings().get::<IdentitySettings>();
    let unit = Refresh {
        identity: Arc::clone(identity),
        inst: inst.clone(),
        presented,
        origin,
        leeway: settings.refresh_leeway,
        idle: settings.session_idle,
        on_reuse: app.settings().get::<SessionSettings>().on_reuse,
        forgiving: app.broken(Fault::ForgivenReuse),
    };
    let outcome = if app.broken(Fault::SplitRotation) {
        split(app, unit).await?
    } else {
        app.db().write(unit, |tx, unit| Box::pin(unit.run(tx))).await?
    };
    match outcome {
        Outcome::Granted(grant) => pair(app, identity, &grant).await,
        Outcome::Refused => Err(invalid_refresh()),
        Outcome::Reused => {
            identity.callers.forget();
            metrics::counter!("mainstay_refresh_reuse_total").increment(1);
            Err(invalid_refresh())
        }
    }
}

/// The mistake that P7 guards against: what was judged may be out of date when it is acted upon.
async fn split(app: &App, unit: Refresh) -> Result<Outcome> {
    let (inst, session) = (unit.inst.clone(), unit.presented.session);
    let read = app.db().read((inst, session), |rx, (inst, id)| Box::pin(store::state(rx, inst, *id)));
    let Some(row) = read.await? else { return Ok(Outcome::Refused) };
    tokio::time::sleep(Duration::from_millis(50)).await;
    app.db().write((unit, row), |tx, (unit, row)| Box::pin(unit.act(tx, row.clone()))).await
}

impl Refresh {
    async fn run(&self, tx: &mut Tx) -> Result<Outcome> {
        let Some(row) = store::state(tx, &self.inst, self.presented.session).await? else {
            return Ok(Outcome::Refused);
        };
        self.act(tx, row).await
    }

    async fn act(&self, tx: &mut Tx, row: SessionState) -> Result<Outcome> {
        let now = tx.now();
        if !is_active(tx, &self.inst, row.person).await? {
            return Ok(Outcome::Refused);
        }
        let rule = Rule { leeway: self.leeway, idle: self.idle, now };
        match refresh::judge(&self.identity.secrets, &self.presented, &row, rule) {
            Verdict::Rotate => self.rotate(tx, row, now).await,
            Verdict::Repeat => Ok(Outcome::Granted(Grant::of(&row, 0))),
            Verdict::Refused => Ok(Outcome::Refused),
            Verdict::Reused if self.forgiving => Ok(Outcome::Refused),
            Verdict::Reused => self.reused(tx, row, now).await,
        }
    }

    /// Somebody else holds a copy. Which of the two is at the door is not known, so both are out.
    async fn reused(&self, tx: &mut Tx, row: SessionState, now: Time) -> Result<Outcome> {
        store::revoke(tx, &self.inst, row.id, now).await?;
        let payload = json!({"person_id": row.person,
                             "generation": self.presented.generation, "current": row.generation});
        events::in_installation(tx, &self.inst, events::REUSE_DETECTED, row.id.to_string(), payload).await?;
        if self.on_reuse == OnReuse::All {
            revoke_all(tx, &self.inst, row.person, None).await?;
        }
        Ok(Outcome::Reused)
    }

    async fn rotate(&self, tx: &mut Tx, row: SessionState, now: Time) -> Result<Outcome> {
        let next = refresh::token(&self.identity.secrets, row.id, &row.salt, row.generation + 1);
        let next = secrets::hash(&next);
        let presented = &row.refresh_hash;
        if store::rotate(tx, &self.inst, row.id, presented, &next, &self.origin, now).await? {
            return Ok(Outcome::Granted(Grant::of(&row, 1)));
        }
        // The row was read in this transaction, so only a broken engine gets here. Nothing was changed.
        Err(Error::unavailable("try_again", "Another request refreshed this session.").retry_after(1))
    }
}

/// Ends one session of somebody. 404 for another's, as for one that never was; ended twice is ended.
pub(crate) async fn revoke(tx: &mut Tx, inst: &Installation, person: PersonId, id: SessionId) -> Result<()> {
    store::of_person(tx, inst, person, id).await?.ok_or_else(Error::not_found)?;
    let now = tx.now();
    if store::revoke(tx, inst, id, now).await? {
        tell_revoked(tx, inst, person, id).await?;
    }
    Ok(())
}

/// Ends all sessions of somebody but `keep`, and tells how many.
pub(crate) async fn revoke_all(
    tx: &mut Tx,
    inst: &Installation,
    person: PersonId,
    keep: Option<SessionId>,
) -> Result<usize> {
    let now = tx.now();
    let ended = store::revoke_all(tx, inst, person, keep, now).await?;
    for id in &ended {
        tell_revoked(tx, inst, person, *id).await?;
    }
    Ok(ended.len())
}

async fn tell_revoked(tx: &mut Tx, inst: &Installation, person: PersonId, id: SessionId) -> Result<()> {
    let payload = json!({"person_id": person});
    events::in_installation(tx, inst, events::SESSION_REVOKED, id.to_string(), payload).await
}

fn invalid_refresh() -> Error {
    Error::unauthenticated("invalid_refresh_token", "The refresh token is not valid. Sign in again.")
}
