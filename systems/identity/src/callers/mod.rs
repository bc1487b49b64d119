//! Who holds a credential, and where: what `web` asks of identity at every request.
//!
//! Owns the verified tokens and keys that were seen lately, and the age at which what is known of them must be read
//! again: a revocation counts at once on this node, and within [`RECHECK`] on the others. Refuses to guess: when the
//! database can not be asked, nobody is let in.

mod ops;
mod ops_keys;
mod standing;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use types::{Actor, Error, Result, Rights, Time, WorkspaceId};
use web::{App, Authenticate, Caller, Closed, Cookie, Credential, Fault};

pub(crate) use ops::{
    Place, Wish, enter, enter_as_member, ground, lacking, need_person, person_of, proof_age,
};
use ops_keys::Sent;
pub(crate) use standing::{Callers, workspace_named};
use standing::{Found, KeyStanding, PersonStanding, Seat, SessionStanding};

use crate::Identity;
use crate::keys::{ApiKeyRow, prefix_of};
use crate::sessions::cookies;
use crate::settings::IdentitySettings;
use crate::signing::{BadToken, Claims, in_time};
use crate::workspaces::{Membership, Role};

/// How old what is known of a session or key may be.
pub(crate) const RECHECK: Duration = Duration::from_millis(750);

impl Authenticate for Identity {
    fn identify<'a>(
        &'a self,
        app: &'a App,
        credential: Credential,
        wanted: Option<&'a str>,
        peer: IpAddr,
    ) -> BoxFuture<'a, Result<Caller>> {
        Box::pin(async move {
            match credential {
                Credential::Bearer(token) => self.by_token(app, &token, wanted).await,
                Credential::ApiKey { text, origin } => {
                    self.by_key(app, &text, Sent { wanted, origin: origin.as_deref() }, peer).await
                }
                Credential::Cookie(cookie) => self.by_cookie(app, &cookie, wanted, Some(peer)).await,
            }
        })
    }

    fn publishes_to<'a>(&'a self, app: &'a App, origin: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.callers.publishes_to(app, origin))
    }

    fn public_workspace<'a>(&'a self, app: &'a App) -> BoxFuture<'a, Result<Option<WorkspaceId>>> {
        Box::pin(async move {
            match app.settings().get::<config::sections::General>().public_workspace.as_deref() {
                Some(name) if !name.is_empty() => self.callers.public_workspace(app, name).await,
                _ => Ok(None),
            }
        })
    }

    fn step_up_age(&self, app: &App) -> Duration {
        app.settings().get::<IdentitySettings>().step_up_age
    }
}

impl Identity {
    async fn by_token(&self, app: &App, token: &str, wanted: Option<&str>) -> Result<Caller> {
        let now = app.clock().now();
        let claims = self.claims(app, token, now).await?;
        let session = self.callers.session(app, claims.sid, now).await?;
        let good = |session: &SessionStanding| {
            session.person.id == claims.sub && session.lives(now) && session.person.active
        };
        let session =
            session.filter(|session| good(session)).ok_or_else(|| refused_token(BadToken::Claims))?;
        Self::person_in(app, &session, wanted, now)
    }

    /// A browser's session. Its use is noted beside the request where `peer` is given.
    pub(crate) async fn by_cookie(
        &self,
        app: &App,
        cookie: &Cookie,
        wanted: Option<&str>,
        peer: Option<IpAddr>,
    ) -> Result<Caller> {
        let now = app.clock().now();
        let claimed = cookies::session_of(&cookie.text).filter(|_| cookie.counts(app));
        let id = claimed.ok_or_else(session_ended)?;
        let idle = app.settings().get::<IdentitySettings>().session_idle;
        let hash = crate::secrets::hash(&cookie.text);
        let session = self.callers.session(app, id, now).await?.filter(|session| {
            let used = session.last_used_at();
            crate::secrets::same(&hash, &session.secret_hash)
                && session.lives(now)
                && session.person.active
                && used.plus(idle) > now
        });
        let session = session.ok_or_else(session_ended)?;
        if let Some(peer) = peer {
            self.callers.touch_session(app, id, &session, peer, now);
        }
        Self::person_in(app, &session, wanted, now)
    }

    /// Verified once; afterwards known by its hash until it expires.
    async fn claims(&self, app: &App, token: &str, now: Time) -> Result<Arc<Claims>> {
        let hash = crate::secrets::hash(token);
        if let Some(claims) = self.callers.token(&hash) {
            in_time(&claims, now).map_err(refused_token)?;
            if self.signing.still_reads(app.db(), &self.secrets, token, now).await? {
                return Ok(claims);
            }
        }
        let read = self.signing.read(app.db(), &self.secrets, token, now).await?;
        let claims = Arc::new(read.map_err(refused_token)?);
        self.callers.keep_token(hash, &claims);
        Ok(claims)
    }

    fn person_in(app: &App, standing: &SessionStanding, wanted: Option<&str>, now: Time) -> Result<Caller> {
        let person = &standing.person;
        let seat = match wanted {
            Some(wanted) => Some(named(&person.seats, wanted).ok_or_else(access_denied)?),
            None => person.seats.iter().find(|seat| seat.membership.is_default),
        };
        let second_factor = standing.second_factor || app.broken(Fault::NoFactorAsked);
        let barred = seat.is_some_and(|seat| seat.membership.require_second_factor && !second_factor);
        // Whoever is barred is in no workspace, so that a handler which asks for no permission has none to look into.
        let seat = seat.filter(|_| !barred);
        let closed = seat.and_then(|seat| seat.membership.life.closed(now));
        Ok(Caller {
            principal: principal_of(&person.actor),
            actor: person.actor.clone(),
            session: Some(Arc::clone(&standing.text)),
            workspace: seat.map(|seat| seat.membership.workspace),
            rights: seat.map(|seat| left(&seat.rights, closed)).unwrap_or_default(),
            installation: person.installation.clone(),
            closed,
            requests: seat.and_then(|seat| seat.membership.requests),
            proven_at: Some(standing.proven_at),
            second_factor,
            barred,
            published: false,
        })
    }

    async fn by_key(&self, app: &App, text: &str, sent: Sent<'_>, peer: IpAddr) -> Result<Caller> {
        let now = app.clock().now();
        let prefix = prefix_of(text).ok_or_else(invalid_key)?;
        let standing = self.callers.key(app, prefix, text, now).await?.ok_or_else(invalid_key)?;
        let KeyStanding { key, actor, person, .. } = &*standing;
        let own = key.account.is_none() && key.origins.is_none();
        if key.revoked_at.is_some() || own && !person.active {
            return Err(invalid_key());
        }
        if key.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::unauthenticated("api_key_expired", "This API key has expired."));
        }
        if !own {
            let caller = self.without_person(&standing, sent, now)?;
            self.callers.touch_key(app, &standing, peer, now);
            return Ok(caller);
        }
        let wanted = sent.wanted;
        let at = match key.workspace {
            Some(workspace) => Some(self.own_workspace(key, person, workspace, wanted)?),
            None => self.any_workspace(app, key, person, wanted).await?,
        };
        let closed = at.as_ref().and_then(|at| at.found.life.closed(now));
        self.callers.touch_key(app, &standing, peer, now);
        Ok(Caller {
            principal: principal_of(actor),
            actor: actor.clone(),
            session: None,
            workspace: at.as_ref().map(|at| at.found.id),
            rights: at.as_ref().map(|at| left(&at.rights, closed)).unwrap_or_default(),
            installation: match key.workspace {
                Some(_) => Rights::none(),
                None => self.roles.limited(&key.permissions, &person.installation, true),
            },
            closed,
            requests: at.and_then(|at| at.found.requests),
            proven_at: None,
            second_factor: false,
            barred: false,
            published: false,
        })
    }

    /// A workspace's key works there and nowhere else, and never beyond what its maker may do there now.
    fn own_workspace(
        &self,
        key: &ApiKeyRow,
        person: &PersonStanding,
        workspace: WorkspaceId,
        wanted: Option<&str>,
    ) -> Result<KeyPlace> {
        let seat = person.seats.iter().find(|seat| seat.membership.workspace == workspace);
        let Seat { membership, rights } = seat.ok_or_else(invalid_key)?;
        if wanted.is_some_and(|wanted| !is_named(membership, wanted)) {
            return Err(mismatch());
        }
        let found = Found { id: workspace, life: membership.life, requests: membership.requests };
        Ok(KeyPlace { found, rights: self.roles.limited(&key.permissions, rights, false) })
    }

    /// The operator's key works wherever its request says.
    async fn any_workspace(
        &self,
        app: &App,
        key: &ApiKeyRow,
        person: &PersonStanding,
        wanted: Option<&str>,
    ) -> Result<Option<KeyPlace>> {
        if !person.installation.hold(crate::permissions::OPERATOR_KEYS) {
            return Err(invalid_key());
        }
        let Some(wanted) = wanted else { return Ok(None) };
        let found = self.callers.workspace_named(app, wanted).await?.ok_or_else(access_denied)?;
        let all = self.roles.rights(Role::Owner);
        Ok(Some(KeyPlace { found, rights: self.roles.limited(&key.permissions, all, false) }))
    }
}

/// Where a key works in this request, and what it may do there while the workspace is open.
struct KeyPlace {
    found: Found,
    rights: Rights,
}

/// What is left of rights in a workspace that does not answer as usual.
fn left(rights: &Rights, closed: Option<Closed>) -> Rights {
    match closed {
        None => rights.clone(),
        Some(closed) if closed.may_be_read() => rights.only_reads(),
        Some(_) => Rights::none(),
    }
}

/// What limits and kept replies go by.
fn principal_of(actor: &Actor) -> Arc<str> {
    actor.id.clone().unwrap_or_default()
}

fn named<'a>(seats: &'a [Seat], wanted: &str) -> Option<&'a Seat> {
    seats.iter().find(|seat| is_named(&seat.membership, wanted))
}

fn is_named(membership: &Membership, wanted: &str) -> bool {
    membership.slug == wanted || wanted.parse() == Ok(membership.workspace)
}

/// The same for a workspace that is not there and for one the caller does not belong to.
fn access_denied() -> Error {
    let message = "There is no such workspace, or you do not belong to it.";
    Error::forbidden("workspace_access_denied", message)
}

pub(crate) fn session_ended() -> Error {
    Error::unauthenticated("session_ended", "The session of this browser is over. Sign in again.")
}

fn mismatch() -> Error {
    let message = "X-Workspace-Id names another workspace than the one this API key belongs to.";
    Error::forbidden("workspace_mismatch", message)
}

fn invalid_key() -> Error {
    Error::unauthenticated("api_key_invalid", "This API key is not valid.")
}

fn refused_token(why: BadToken) -> Error {
    match why {
        BadToken::Expired => Error::unauthenticated("token_expired", "The access token has expired."),
        _ => Error::unauthenticated("token_invalid", "The access token is not valid.").because(why),
    }
}
