//! The bell: rings in every node soon after an event can be read, so that nobody has to keep looking.
//!
//! It says "look again" and nothing else: what there is to see, the reader reads from the journal.

use std::time::Duration;

use db::{Db, Engine};
use tasks::{Stopping, TaskGroup};
use telemetry::metrics::{Meaning, gauge};
use tokio::sync::watch;

use crate::event::Position;
use crate::store;

/// What is measured here.
pub const METRICS: &[Meaning] =
    &[gauge("journal_lag_seconds", "How long the oldest event has waited that readers cannot see yet.")];

const CHANNEL: &str = "mainstay_journal";
/// At most one notice a node in so much time, however many commits there are.
const GATHER: Duration = Duration::from_millis(10);
/// What no notice told of is found after this long: a notice that was lost, a transaction that was given up.
const POLL: Duration = Duration::from_secs(1);

/// The living side of the journal. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    rings: watch::Sender<u64>,
}

impl Journal {
    /// Begins to watch; ends with the group. Wants tokio's runtime.
    pub fn start(db: &Db, tasks: &TaskGroup) -> Self {
        let rings = watch::Sender::new(0);
        tasks.spawn("journal bell", watch_journal(db.clone(), rings.clone(), tasks.stopping())).detach();
        if db.engine() == Engine::Postgres {
            tasks.spawn("journal notices", notify(db.clone(), tasks.stopping())).detach();
        }
        Self { rings }
    }

    /// Changes when there is something new to read.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.rings.subscribe()
    }
}

async fn watch_journal(db: Db, rings: watch::Sender<u64>, stopping: Stopping) {
    let mut here = db.commits();
    let mut elsewhere = db.listen(CHANNEL);
    let mut known: Option<Position> = None;
    loop {
        here.mark_unchanged();
        elsewhere.mark_unchanged();
        let head = db.read((), |rx, ()| Box::pin(store::head(rx))).await;
        match head {
            Ok((end, waiting)) => {
                let lag = waiting.map_or(0.0, |since| db.clock().now().since(since).as_secs_f64());
                metrics::gauge!("journal_lag_seconds").set(lag);
                if known.replace(end) != Some(end) {
                    rings.send_modify(|rings| *rings += 1);
                }
            }
            // Readers who look in vain are better than readers who do not look.
            Err(error) => {
                tracing::debug!(error = %error.detail(), "the end of the journal could not be read");
                rings.send_modify(|rings| *rings += 1);
            }
        }
        // The first commit after a quiet time is told at once, a crowd of them together.
        tokio::time::sleep(GATHER).await;
        tokio::select! {
            () = stopping.stopped() => return,
            ended = here.changed() => if ended.is_err() { return },
            ended = elsewhere.changed() => if ended.is_err() { return },
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Tells the other nodes that something was committed here. After the commit: inside, it would halve the commits.
async fn notify(db: Db, stopping: Stopping) {
    let mut here = db.commits();
    loop {
        tokio::select! {
            () = stopping.stopped() => return,
            ended = here.changed() => if ended.is_err() { return },
        }
        tokio::time::sleep(GATHER).await;
        here.mark_unchanged();
        if let Err(error) = db.notify(CHANNEL).await {
            tracing::debug!(error = %error.detail(), "the other nodes were not told; they look each second");
        }
    }
}
