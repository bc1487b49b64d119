//! What was lately read of sessions and keys, and when it must be read again.
//!
//! Owns the memory of this node. Refuses to judge: it says what is known, not who may do what.

mod ops;
mod store;

use std::collections::HashSet;
pub(crate) use store::workspace_named;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use parking_lot::Mutex;
use types::{Actor, ActorKind, Error, Installation, PersonId, Result, Rights, Time, WorkspaceId};
use web::{App, Closed, Fault};

use self::ops::Touched;
use super::RECHECK;
use crate::keys::ApiKeyRow;
use crate::secrets;
use crate::sessions::SessionId;
use crate::signing::Claims;
use crate::workspaces::life::Life;
use crate::workspaces::{Membership, Roles};

/// Bounds of what is kept: some 30 MB when all of it is full.
const MOST_TOKENS: u64 = 50_000;
const MOST_STANDINGS: u64 = 20_000;

/// A person as the last reading had them.
pub(crate) struct PersonStanding {
    pub(crate) id: PersonId,
    pub(crate) actor: Actor,
    pub(crate) active: bool,
    pub(crate) installation: Rights,
    pub(crate) seats: Vec<Seat>,
}

/// A membership, and what it allows: reckoned once a reading, so that a request only shares it.
pub(crate) struct Seat {
    pub(crate) membership: Membership,
    pub(crate) rights: Rights,
}

/// A workspace as whoever is no member of it finds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) id: WorkspaceId,
    pub(crate) life: Life,
    pub(crate) requests: Option<u32>,
}

pub(crate) struct SessionStanding {
    /// Its id.
    pub(crate) text: Arc<str>,
    pub(crate) read_at: Time,
    pub(crate) revoked: bool,
    pub(crate) expires_at: Time,
    pub(crate) proven_at: Time,
    pub(crate) second_factor: bool,
    /// Of the secret that it is proven by: a refresh token, or the cookie itself.
    pub(crate) secret_hash: Vec<u8>,
    pub(crate) person: PersonStanding,
    /// When its use was last noted.
    touched: Touched,
}

impl SessionStanding {
    pub(crate) fn last_used_at(&self) -> Time {
        self.touched.at()
    }

    pub(crate) fn lives(&self, now: Time) -> bool {
        !self.revoked && self.expires_at > now
    }
}

/// Whom a key acts for.
pub(crate) enum Holder {
    /// Whoever made it.
    Person,
    /// A service account that is let in, which may this much.
    Account { at: Found, slug: String, permissions: Vec<String> },
    /// Whoever looks at a page.
    Page { at: Found, slug: String },
    /// A service account that is let in no more.
    Nobody,
}

pub(crate) struct KeyStanding {
    pub(crate) read_at: Time,
    pub(crate) key: ApiKeyRow,
    pub(crate) actor: Actor,
    /// Who made it.
    pub(crate) person: PersonStanding,
    pub(crate) holder: Holder,
    /// When the use of the key was last noted.
    touched: Touched,
}

/// The memory of this node. Everything in it can be lost at any time.
pub(crate) struct Callers {
    tokens: Cache<[u8; 32], Arc<Claims>>,
    sessions: Cache<SessionId, Arc<SessionStanding>>,
    keys: Cache<[u8; 32], Arc<KeyStanding>>,
    /// The origins of all publishable keys, and when they were read.
    origins: Mutex<Option<(Arc<HashSet<String>>, Time)>>,
    /// The workspace that was last looked up by its name for the public, and when.
    public: Mutex<Option<(String, Found, Time)>>,
    /// Counts what was forgotten, so that a reading that began before a revocation is not kept after it.
    forgotten: AtomicU64,
    inst: Installation,
    roles: Roles,
}

fn is_fresh(app: &App, read_at: Time, now: Time) -> bool {
    let young = now >= read_at && now.since(read_at) < RECHECK;
    young || app.broken(Fault::OldStanding)
}

impl Callers {
    /// `longest` is how long a verified token can be of use.
    pub(crate) fn new(longest: Duration, inst: Installation, roles: Roles) -> Self {
        let tokens = Cache::builder().max_capacity(MOST_TOKENS).time_to_live(longest).build();
        let sessions = Cache::builder().max_capacity(MOST_STANDINGS).time_to_live(longest).build();
        let keys = Cache::builder().max_capacity(MOST_STANDINGS).time_to_live(longest).build();
        Self {
            tokens,
            sessions,
            keys,
            origins: Mutex::default(),
            public: Mutex::default(),
            forgotten: AtomicU64::new(0),
            inst,
            roles,
        }
    }

    pub(crate) fn token(&self, hash: &[u8; 32]) -> Option<Arc<Claims>> {
        self.tokens.get(hash)
    }

    pub(crate) fn keep_token(&self, hash: [u8; 32], claims: &Arc<Claims>) {
        self.tokens.insert(hash, Arc::clone(claims));
    }

    /// Called after anything about sessions, keys, people or memberships has changed here.
    pub(crate) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.sessions.invalidate_all();
        self.keys.invalidate_all();
        *self.public.lock() = None;
        *self.origins.lock() = None;
    }

    /// Called after one session has ended here.
    pub(crate) fn forget_session(&self, session: SessionId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.sessions.invalidate(&session);
    }

    /// The session and its person, at most [`RECHECK`] old; `None` when there is no such session.
    pub(crate) async fn session(
        &self,
        app: &App,
        id: SessionId,
        now: Time,
    ) -> Result<Option<Arc<SessionStanding>>> {
        let known = self.sessions.get(&id);
        if let Some(known) = known.as_ref().filter(|known| is_fresh(app, known.read_at, now)) {
            return Ok(Some(Arc::clone(known)));
        }
        let before = self.forgotten.load(Ordering::SeqCst);
        let read =
            app.db().get((self.inst.clone(), self.roles.clone(), id, now), |rx, (inst, roles, id, now)| {
                Box::pin(store::session(rx, inst, roles, *id, *now))
            });
        let Some(standing) = read.await? else { return Ok(None) };
        if let Some(known) = &known {
            standing.touched.at_least(&known.touched);
        }
        let standing = Arc::new(standing);
        self.sessions.insert(id, Arc::clone(&standing));
        if self.forgotten.load(Ordering::SeqCst) != before {
            self.sessions.invalidate(&id);
        }
        Ok(Some(standing))
    }

    /// The key with this text and its maker, at most [`RECHECK`] old; `None` when no key has this text.
    pub(crate) async fn key(
        &self,
        app: &App,
        prefix: &str,
        text: &str,
        now: Time,
    ) -> Result<Option<Arc<KeyStanding>>> {
        let hash = secrets::hash(text);
        let known = self.keys.get(&hash);
        if let Some(known) = known.as_ref().filter(|known| is_fresh(app, known.read_at, now)) {
            return Ok(Some(Arc::clone(known)));
        }
        let before = self.forgotten.load(Ordering::SeqCst);
        let read = app.db().get((self.inst.clone(), self.roles.clone(), prefix.to_owned()), |rx, args| {
            let (inst, roles, prefix) = args;
            Box::pin(store::key(rx, inst, roles, prefix))
        });
        let Some(store::KnownKey { key, hash: kept_hash, person, holder }) = read.await? else {
            return Ok(None);
        };
        if !secrets::same(&hash, &kept_hash) {
            return Ok(None);
        }
        let touched = Touched::new(key.last_used_at.unwrap_or(Time::from_millis(0)));
        if let Some(known) = &known {
            touched.at_least(&known.touched);
        }
        let actor = Actor {
            kind: ActorKind::Key,
            id: Some(key.id.to_string().into()),
            label: key.name.as_str().into(),
        };
        let standing = Arc::new(KeyStanding { read_at: now, key, actor, person, holder, touched });
        self.keys.insert(hash, Arc::clone(&standing));
        if self.forgotten.load(Ordering::SeqCst) != before {
            self.keys.invalidate(&hash);
        }
        Ok(Some(standing))
    }

    /// Whether any publishable key stands in pages of this origin: asked before each first request of a script.
    pub(crate) async fn publishes_to(&self, app: &App, origin: &str) -> Result<bool> {
        let now = app.clock().now();
        let known = self.origins.lock().clone();
        if let Some((known, _)) = known.filter(|(_, read_at)| is_fresh(app, *read_at, now)) {
            return Ok(known.contains(origin));
        }
        let read = app.db().read((self.inst.clone(), now), |rx, (inst, now)| {
            Box::pin(crate::keys::store::published_origins(rx, inst, *now))
        });
        let all: Arc<HashSet<String>> = Arc::new(read.await?.into_iter().collect());
        *self.origins.lock() = Some((Arc::clone(&all), now));
        Ok(all.contains(origin))
    }

    /// The workspace that is open to the public, at most [`RECHECK`] old: every anonymous request asks for it.
    pub(crate) async fn public_workspace(&self, app: &App, name: &str) -> Result<Option<WorkspaceId>> {
        let now = app.clock().now();
        let open = |found: Found| found.life.closed(now).is_none_or(Closed::may_be_read).then_some(found.id);
        if let Some((known, found, read_at)) = &*self.public.lock()
            && known == name
            && is_fresh(app, *read_at, now)
        {
            return Ok(open(*found));
        }
        let before = self.forgotten.load(Ordering::SeqCst);
        let found = self.workspace_named(app, name).await?;
        let mut public = self.public.lock();
        if self.forgotten.load(Ordering::SeqCst) == before {
            *public = found.map(|found| (name.to_owned(), found, now));
        }
        Ok(found.and_then(open))
    }

    /// A workspace by id or slug, whoever asks: for the operator's keys and for the public workspace.
    pub(crate) async fn workspace_named(&self, app: &App, name: &str) -> Result<Option<Found>> {
        let read = app.db().get((self.inst.clone(), name.to_owned()), |rx, (inst, name)| {
            Box::pin(store::workspace_named(rx, inst, name))
        });
        read.await.map_err(|error: Error| error.while_doing("finding a workspace by its name"))
    }
}
