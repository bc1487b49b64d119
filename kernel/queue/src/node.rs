//! The life of this node, and the death of others.
//!
//! No clock is compared with another: a node is dead when its beats stood still for the length of the lease by the watch
//! of whoever looks. One row a node is written, however many jobs run.

use std::collections::HashMap;
use std::sync::Arc;

use db::Engine;
use tasks::Stopwatch;
use types::Result;

use crate::NodeId;
use crate::store::nodes;
use crate::worker::Shared;

/// Enters the list of the living under a new id.
pub(crate) async fn enter(shared: &Shared) -> Result<()> {
    let node = NodeId::at(shared.db.clock().now());
    shared.db.write_relaxed(node, |tx, node| Box::pin(nodes::enter(tx, *node))).await?;
    *shared.node.lock() = node;
    Ok(())
}

/// Takes everything back from everybody else, dead or not. On SQLite, where whoever holds the data folder is alone.
pub(crate) async fn bury_all(shared: &Shared) -> Result<()> {
    for (node, beats) in shared.db.read((), |rx, ()| Box::pin(nodes::all(rx))).await? {
        if node != *shared.node.lock() {
            bury(shared, node, beats).await?;
        }
    }
    Ok(())
}

async fn bury(shared: &Shared, node: NodeId, beats: i64) -> Result<()> {
    let jobs =
        shared.db.write_relaxed((node, beats), |tx, (node, beats)| Box::pin(nodes::bury(tx, *node, *beats)));
    let jobs = jobs.await?;
    tracing::warn!(%node, jobs, "a node is gone; its jobs were taken back");
    Ok(())
}

/// Beats, and listens for the beats of others, until everything that ran here has ended.
pub(crate) async fn live(shared: Arc<Shared>) {
    let mut drained = shared.drained.subscribe();
    if shared.db.engine() == Engine::Sqlite {
        // Nobody else is there who could wait for a beat, and each would cost a sync of the disk.
        let _ = drained.wait_for(|drained| *drained).await;
        return sign_off(&shared).await;
    }
    let mut seen = HashMap::new();
    let mut tick = 0_u64;
    loop {
        // Twice as often as it beats, so that the end of a lease is noticed in time.
        if tick.is_multiple_of(2)
            && let Err(error) = beat(&shared).await
        {
            tracing::warn!(error = %error.detail(), "the heartbeat could not be written");
        }
        if let Err(error) = watch_others(&shared, &mut seen).await {
            tracing::debug!(error = %error.detail(), "the other nodes could not be looked at");
        }
        tick += 1;
        tokio::select! {
            _ = drained.wait_for(|drained| *drained) => break,
            () = tokio::time::sleep(shared.options.beat / 2) => {}
        }
    }
    sign_off(&shared).await;
}

async fn sign_off(shared: &Shared) {
    let node = *shared.node.lock();
    if let Err(error) = shared.db.write_relaxed(node, |tx, node| Box::pin(nodes::leave(tx, *node))).await {
        tracing::debug!(error = %error.detail(), "the node could not sign off");
    }
}

async fn beat(shared: &Shared) -> Result<()> {
    let node = *shared.node.lock();
    if shared.db.write_relaxed(node, |tx, node| Box::pin(nodes::beat(tx, *node))).await? {
        return Ok(());
    }
    tracing::warn!(%node, "this node was taken for dead; what it ran belongs to others");
    shared.running.lose_all();
    enter(shared).await
}

/// When the beats of another node were last seen to move.
type Seen = HashMap<NodeId, (i64, Stopwatch)>;

async fn watch_others(shared: &Shared, seen: &mut Seen) -> Result<()> {
    let all = shared.db.read((), |rx, ()| Box::pin(nodes::all(rx))).await?;
    seen.retain(|node, _| all.iter().any(|(other, _)| other == node));
    let own = *shared.node.lock();
    for (node, beats) in all {
        let last = seen.entry(node).or_insert_with(|| (beats, Stopwatch::start()));
        if last.0 != beats {
            *last = (beats, Stopwatch::start());
        } else if node != own && last.1.elapsed() >= shared.options.lease {
            bury(shared, node, beats).await?;
        }
    }
    Ok(())
}
