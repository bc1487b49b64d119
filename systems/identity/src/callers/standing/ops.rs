//! Noting beside a request that a key or a cookie was used: seldom, and never in the way of the request.
//!
//! Owns when it is time to write it down. Refuses to hold up anybody: what could not be written is logged and forgotten.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use db::Tx;
use futures_util::future::BoxFuture;
use types::{Installation, Result, Time};
use web::App;

use super::{Callers, KeyStanding, SessionStanding};
use crate::keys;
use crate::sessions::{self, SessionId};
use crate::settings::IdentitySettings;

/// How often the last use of a cookie is written down at most.
const COOKIE: Duration = Duration::from_mins(1);

/// When a use was last noted, in milliseconds.
pub(super) struct Touched(AtomicI64);

impl Touched {
    pub(super) fn new(at: Time) -> Self {
        Self(AtomicI64::new(at.as_millis()))
    }

    pub(super) fn at(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::Relaxed))
    }

    /// What this node has noted lately may not have been written when the row was read.
    pub(super) fn at_least(&self, other: &Self) {
        self.0.fetch_max(other.0.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether it is time to note it again, and whoever is told so notes it.
    fn due(&self, every: Duration, now: Time) -> bool {
        let noted = self.at();
        let mine = |to: Time| {
            self.0.compare_exchange(noted.as_millis(), to.as_millis(), Ordering::Relaxed, Ordering::Relaxed)
        };
        now.since(noted) >= every && mine(now).is_ok()
    }
}

impl Callers {
    /// At most once in `identity.api_key_touch`.
    pub(crate) fn touch_key(&self, app: &App, standing: &KeyStanding, from: IpAddr, now: Time) {
        let every = app.settings().get::<IdentitySettings>().key_touch();
        if standing.touched.due(every, now) {
            let args = (standing.key.id, from.to_string(), every, now);
            self.beside(app, args, |tx, inst, (id, ip, every, now)| {
                Box::pin(keys::store::touch(tx, inst, *id, ip, *every, *now))
            });
        }
    }

    /// At most once a minute, and often enough that a session in use does not count as idle.
    pub(crate) fn touch_session(
        &self,
        app: &App,
        id: SessionId,
        standing: &SessionStanding,
        from: IpAddr,
        now: Time,
    ) {
        let every = COOKIE.min(app.settings().get::<IdentitySettings>().session_idle / 4);
        if standing.touched.due(every, now) {
            let args = (id, from.to_string(), every, now);
            self.beside(app, args, |tx, inst, (id, ip, every, now)| {
                Box::pin(sessions::store::touch(tx, inst, *id, ip, *every, *now))
            });
        }
    }

    fn beside<A, F>(&self, app: &App, args: A, note: F)
    where
        A: Send + Sync + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t Installation, &'t A) -> BoxFuture<'t, Result<bool>>
            + Send
            + Sync
            + 'static,
    {
        let write =
            app.db().write((self.inst.clone(), args, note), |tx, (inst, args, note)| note(tx, inst, args));
        let noted = async move {
            if let Err(error) = write.await {
                tracing::warn!(error = error.detail(), "the last use of a credential was not noted");
            }
        };
        app.tasks().spawn("last use of a credential", noted).detach();
    }
}
