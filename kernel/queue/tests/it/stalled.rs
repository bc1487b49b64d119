//! A worker that was taken for dead and is not.

use std::sync::atomic::Ordering;
use std::time::Duration;

use db::Engine;
use queue::{Options, State};

use crate::place::{Place, QUICK, STALL, job, workspace};

/// What came of it: how often the late finish was refused, and the notes that are there.
pub(crate) async fn late_finish(place: &Place) -> (usize, Vec<String>) {
    let scope = workspace();
    // Its heart stands still, so the other one takes the job from it. On SQLite the second one at its start.
    let deaf = place.node(Options { beat: Duration::from_hours(1), ..QUICK }).await;
    let id = place.enqueue(&scope, job(&STALL, "stalled")).await;
    place.until_begun(1).await;
    let quick = Options { lease: Duration::from_millis(500), ..QUICK };
    let other = place.node(quick).await;
    let row = place.until(&scope, id, State::Done).await;
    assert_eq!((row.attempt, row.failures), (2, 0));
    if place.db.engine() == Engine::Sqlite {
        assert_ne!(deaf.queue.node(), other.queue.node());
    }
    place.seen.wait.notify_one();
    // The deaf node gives nothing back: it no longer holds anything.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let outcome = (place.seen.refused.load(Ordering::SeqCst), place.notes().await);
    other.stop().await;
    deaf.tasks.shutdown(Duration::from_secs(5)).await;
    outcome
}
