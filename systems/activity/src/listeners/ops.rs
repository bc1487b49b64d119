//! One listener: reads the journal up to where its follower is, then takes what the follower hands on.
//!
//! He joins the follower first and reads afterwards, so nothing falls between; what comes twice is left out by its
//! position. Whoever lags further behind than the follower keeps reads the journal again.

use std::collections::VecDeque;
use std::sync::Arc;

use journal::{EventId, Position, Since};
use tasks::Stopping;
use tokio::sync::broadcast::error::RecvError;
use types::{Result, Scope};
use web::{App, Ended, Place};

use super::standing::Standing;
use crate::followers::{Change, Changes, Followers};

const BATCH: u32 = 100;

pub(crate) struct Listener {
    app: App,
    scope: Scope,
    standing: Standing,
    from: Position,
    ready: VecDeque<Arc<Change>>,
    changes: Changes,
    /// Whether the journal may hold what was neither read nor handed on.
    behind: bool,
    stopping: Stopping,
    _place: Place,
}

impl Listener {
    /// Begins after an event, or now. What cannot be resumed is refused with 410.
    pub(crate) async fn begin(
        app: App,
        scope: Scope,
        standing: Standing,
        since: Option<EventId>,
        place: Place,
    ) -> Result<Self> {
        let changes = app.extension::<Followers>()?.join(&app, &scope).await?;
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
            stopping: app.tasks().stopping(),
            app,
            scope,
            standing,
            ready: VecDeque::new(),
            changes,
            behind: true,
            _place: place,
        })
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The next change that he may know of. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> Result<Arc<Change>, Ended> {
        loop {
            if self.stopping.is_stopping() {
                return Err(Ended::Stopping);
            }
            if self.standing.is_due() {
                self.standing.check().await?;
            }
            while let Some(change) = self.ready.pop_front() {
                // What was read under the rights of before waits for nobody.
                if self.standing.kinds.contains(&change.kind.as_str()) {
                    return Ok(change);
                }
            }
            if self.behind {
                self.look().await?;
                continue;
            }
            tokio::select! {
                () = self.stopping.stopped() => {}
                checked = self.standing.check() => checked?,
                told = self.changes.recv() => match told {
                    Ok(change) if change.position > self.from => {
                        self.from = change.position;
                        self.ready.push_back(change);
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.behind = true,
                    Err(RecvError::Closed) => return Err(Ended::Unknown),
                },
            }
        }
    }

    /// Waits for the end alone: changes stay where they are. Safe to drop while it waits.
    pub(crate) async fn ended(&mut self) -> Ended {
        loop {
            tokio::select! {
                () = self.stopping.stopped() => return Ended::Stopping,
                checked = self.standing.check() => if let Err(ended) = checked { return ended },
            }
        }
    }

    /// Reads what the journal holds after the last change.
    async fn look(&mut self) -> Result<(), Ended> {
        let args = (self.scope.clone(), self.from, self.standing.kinds.clone());
        let read = self
            .app
            .db()
            .read(args, |rx, (scope, from, kinds)| Box::pin(journal::follow(rx, scope, *from, kinds, BATCH)));
        let feed = tokio::select! {
            feed = read => feed.map_err(|error| {
                tracing::debug!(error = %error.detail(), "a listener ends because the journal could not be read");
                Ended::Unknown
            })?,
            checked = self.standing.check() => return checked,
        };
        self.behind = feed.items.len() == BATCH as usize;
        self.from = feed.position;
        self.ready.extend(feed.items.into_iter().map(|event| Arc::new(Change::from(event))));
        Ok(())
    }
}
