//! One listener: waits for the bell, reads what is new for him, and makes sure that he may still know.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use journal::{Event, Position, Since};
use tasks::Stopping;
use tokio::sync::watch;
use tokio::time::Instant;
use types::{Error, Result, Scope};
use web::{App, Caller, Credential, Fault};

use super::places::Place;
use crate::{READ, visible_kinds};

/// A listener whose rights were taken away is gone after this and one look; the promise is five seconds.
const CHECK: Duration = Duration::from_secs(2);
/// How long making sure may take before it counts as a no.
const PATIENCE: Duration = Duration::from_secs(2);
const BATCH: u32 = 100;

/// How a listener proves who he is, again and again.
pub(crate) struct Proof {
    pub(crate) credential: Box<dyn Fn() -> Result<Credential> + Send + Sync>,
    pub(crate) client: IpAddr,
}

pub(crate) struct Listener {
    app: App,
    scope: Scope,
    principal: String,
    proof: Proof,
    kinds: Vec<&'static str>,
    from: Position,
    ready: VecDeque<Event>,
    rings: watch::Receiver<u64>,
    stopping: Stopping,
    check_at: Instant,
    _place: Place,
}

impl Listener {
    /// Begins after an event, or now. What cannot be resumed is refused before the stream begins.
    pub(crate) async fn begin(
        app: App,
        scope: Scope,
        caller: &Caller,
        proof: Proof,
        since: Option<journal::EventId>,
        place: Place,
    ) -> Result<Self> {
        // Before the first look, so that what comes in between rings.
        let mut rings = app.journal().subscribe();
        rings.mark_changed();
        let from = app.db().read((scope.clone(), since), |rx, (scope, since)| {
            Box::pin(async move {
                match since {
                    None => journal::end(rx, scope).await,
                    Some(id) => Ok(journal::after(rx, scope, Since::Event(*id), &[], 1).await?.position),
                }
            })
        });
        Ok(Self {
            from: from.await?,
            kinds: visible_kinds(&app, &caller.rights),
            stopping: app.tasks().stopping(),
            principal: caller.principal.clone(),
            app,
            scope,
            proof,
            ready: VecDeque::new(),
            rings,
            check_at: Instant::now() + CHECK,
            _place: place,
        })
    }

    /// The next event, or `None` when the stream has to end. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if self.stopping.is_stopping() {
                return None;
            }
            if Instant::now() >= self.check_at && !self.may_still_know().await {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            tokio::select! {
                () = self.stopping.stopped() => return None,
                () = tokio::time::sleep_until(self.check_at) => continue,
                rung = self.rings.changed() => if rung.is_err() { return None },
            }
            if let Err(error) = self.look().await {
                tracing::debug!(error = %error.detail(), "a stream ends because the journal could not be read");
                return None;
            }
        }
    }

    async fn look(&mut self) -> Result<()> {
        let args = (self.scope.clone(), self.from, self.kinds.clone());
        let feed = self
            .app
            .db()
            .read(args, |rx, (scope, from, kinds)| Box::pin(journal::follow(rx, scope, *from, kinds, BATCH)));
        let feed = feed.await?;
        if feed.items.len() == BATCH as usize {
            // There may be more than was read: look again without waiting for another ring.
            self.rings.mark_changed();
        }
        self.from = feed.position;
        self.ready.extend(feed.items);
        Ok(())
    }

    /// Whether whoever began this stream is still who he was, in the same workspace, with the right to read. Every
    /// failure on the way is a no.
    async fn may_still_know(&mut self) -> bool {
        self.check_at = Instant::now() + CHECK;
        if self.app.broken(Fault::DeafStreams) {
            return true;
        }
        match tokio::time::timeout(PATIENCE, self.identify()).await {
            Ok(Ok(kinds)) => {
                self.kinds = kinds;
                // What was read under the rights of before waits for nobody.
                let kinds = &self.kinds;
                self.ready.retain(|event| kinds.contains(&event.kind.as_str()));
                true
            }
            Ok(Err(error)) => {
                tracing::info!(principal = %self.principal, code = error.code(), "a stream is closed");
                false
            }
            Err(_) => {
                tracing::warn!(principal = %self.principal, "a stream is closed: its caller could not be identified in time");
                false
            }
        }
    }

    async fn identify(&self) -> Result<Vec<&'static str>> {
        let credential = (self.proof.credential)()?;
        let wanted = self.scope.workspace().to_string();
        let caller =
            self.app.authenticate().identify(&self.app, credential, Some(&wanted), self.proof.client).await?;
        let same = caller.workspace == Some(self.scope.workspace()) && caller.principal == self.principal;
        if !same || !caller.rights.hold(READ) {
            return Err(Error::forbidden("revoked", "The right to read this was taken away."));
        }
        Ok(visible_kinds(&self.app, &caller.rights))
    }
}
