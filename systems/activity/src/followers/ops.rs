//! Following: one reader a workspace, who reads once whenever the bell rings.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use journal::Position;
use parking_lot::Mutex;
use tokio::sync::{OnceCell, broadcast, watch};
use types::{Error, Result, Scope, WorkspaceId};
use web::App;

use super::model::Change;
use crate::declared_kinds;

/// Changes that a listener may be behind before he has to read the journal himself.
const KEPT: usize = 256;
const BATCH: u32 = 200;
/// After the journal could not be read.
const PAUSE: Duration = Duration::from_millis(500);

/// What is handed on from now on. When it lags, what was missed stands in the journal.
pub(crate) type Changes = broadcast::Receiver<Arc<Change>>;

/// The followers of this node, by workspace.
#[derive(Default)]
pub(crate) struct Followers(Mutex<HashMap<WorkspaceId, Arc<Follower>>>);

struct Follower {
    told: broadcast::Sender<Arc<Change>>,
    /// Set once it is known where the journal ended when the follower began.
    begun: OnceCell<()>,
}

impl Followers {
    /// Everything that comes after what the journal holds when this answers, and perhaps a little of that.
    pub(crate) async fn join(self: &Arc<Self>, app: &App, scope: &Scope) -> Result<Changes> {
        let (follower, changes) = {
            let mut all = self.0.lock();
            let follower = all.entry(scope.workspace()).or_insert_with(|| {
                Arc::new(Follower { told: broadcast::Sender::new(KEPT), begun: OnceCell::new() })
            });
            (Arc::clone(follower), follower.told.subscribe())
        };
        let begun = follower.begun.get_or_try_init(|| async {
            // Before the first look, so that what comes in between rings.
            let rings = app.journal().subscribe();
            let end = app.db().read(scope.clone(), |rx, scope| Box::pin(journal::end(rx, scope))).await?;
            let (all, app_of, scope) = (Arc::clone(self), app.clone(), scope.clone());
            let work = follow(all, app_of, scope, Arc::clone(&follower), rings, end);
            app.tasks().spawn("journal follower", work).detach();
            Ok::<(), Error>(())
        });
        if let Err(error) = begun.await {
            drop(changes);
            self.leave(scope.workspace(), &follower);
            return Err(error);
        }
        Ok(changes)
    }

    /// Takes the follower out when nobody listens; whoever comes later gets a new one.
    fn leave(&self, workspace: WorkspaceId, follower: &Follower) -> bool {
        let mut all = self.0.lock();
        let alone = follower.told.receiver_count() == 0;
        if alone {
            all.remove(&workspace);
        }
        alone
    }
}

async fn follow(
    all: Arc<Followers>,
    app: App,
    scope: Scope,
    follower: Arc<Follower>,
    mut rings: watch::Receiver<u64>,
    mut from: Position,
) {
    let kinds = declared_kinds(&app);
    let stopping = app.tasks().stopping();
    loop {
        tokio::select! {
            () = stopping.stopped() => return,
            () = follower.told.closed() => if all.leave(scope.workspace(), &follower) { return },
            rung = rings.changed() => if rung.is_err() { return },
        }
        let args = (scope.clone(), from, kinds.clone());
        metrics::counter!("journal_follower_reads_total").increment(1);
        let read = app
            .db()
            .read(args, |rx, (scope, from, kinds)| Box::pin(journal::follow(rx, scope, *from, kinds, BATCH)));
        match read.await {
            Ok(feed) => {
                if feed.items.len() == BATCH as usize {
                    // There may be more than was read: look again without waiting for another ring.
                    rings.mark_changed();
                }
                from = feed.position;
                for event in feed.items {
                    // Nobody listening just now is no mistake.
                    let _ = follower.told.send(Arc::new(Change::from(event)));
                }
            }
            Err(error) => {
                tracing::debug!(error = %error.detail(), "a follower could not read the journal and tries again");
                tokio::time::sleep(PAUSE).await;
                rings.mark_changed();
            }
        }
    }
}
