//! Jobs that are done and change nothing else, many in one commit.
//!
//! What a job writes at its end has a transaction of its own. One that writes nothing needs none: while one commit is on
//! its way, the others wait for the next. Nobody hears that his job is done before that commit returned.

use std::sync::Arc;

use db::Db;
use tokio::sync::{mpsc, oneshot, watch};

use crate::JobId;
use crate::store::attempts;

/// Jobs in one commit.
const MOST: usize = 256;
/// Jobs that may wait for one; whoever comes then waits for a place.
const WAITING: usize = 1024;

struct One {
    key: (JobId, i64),
    told: oneshot::Sender<Option<bool>>,
}

/// The way to the next commit.
#[derive(Clone)]
pub(crate) struct Done(mpsc::Sender<One>);

impl Done {
    /// The way, and the work that has to run beside the jobs until `drained`.
    pub(crate) fn new(
        db: Db,
        drained: watch::Receiver<bool>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (give, take) = mpsc::channel(WAITING);
        (Self(give), gather(db, take, drained))
    }

    /// Whether the attempt still held its job, which is done then. `None` when the commit failed: nothing is known of
    /// this one, and it has to be tried alone.
    pub(crate) async fn mark(&self, key: (JobId, i64)) -> Option<bool> {
        let (told, hear) = oneshot::channel();
        self.0.send(One { key, told }).await.ok()?;
        hear.await.ok()?
    }
}

async fn gather(db: Db, mut waiting: mpsc::Receiver<One>, mut drained: watch::Receiver<bool>) {
    let mut taken = Vec::with_capacity(MOST);
    loop {
        tokio::select! {
            count = waiting.recv_many(&mut taken, MOST) => if count == 0 { return },
            _ = drained.wait_for(|drained| *drained) => return,
        }
        let keys: Arc<[(JobId, i64)]> = taken.iter().map(|one| one.key).collect();
        // Each row is guarded by its own condition, so there is nothing to serialise.
        let marked = db.write_relaxed(keys, |tx, keys| Box::pin(attempts::all_done(tx, keys))).await;
        if let Err(error) = &marked {
            tracing::debug!(error = %error.detail(), "jobs that are done are marked one by one");
        }
        let held = marked.ok();
        for one in taken.drain(..) {
            // Whoever was cut off meanwhile does not hear of it.
            let _ = one.told.send(held.as_ref().map(|held| held.contains(&one.key.0)));
        }
    }
}
