//! What the group promises, tried with real tasks.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::Lost;

const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_panic_costs_only_its_own_task() {
    let group = TaskGroup::new();
    let good = group.spawn("good", async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        7
    });
    let bad = group.spawn("bad", async {
        assert!(std::hint::black_box(false), "on purpose");
        1
    });
    assert_eq!(bad.await, Err(Lost::Panicked("bad")));
    assert_eq!(good.await, Ok(7));
    let blocked = group.blocking("blocked", || assert!(std::hint::black_box(false), "on purpose"));
    assert_eq!(blocked.await, Err(Lost::Panicked("blocked")));
    assert_eq!(group.blocking("sum", || 2 + 2).await, Ok(4));
    assert!(group.shutdown(SOON).await.is_empty());
}

#[tokio::test]
async fn shutdown_waits_for_what_ends_and_names_what_does_not() {
    let group = TaskGroup::new();
    let stopping = group.stopping();
    let ended = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&ended);
    group
        .spawn("listens", async move {
            stopping.stopped().await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            seen.fetch_add(1, Ordering::SeqCst);
        })
        .detach();
    let deaf = group.spawn("deaf", std::future::pending::<()>());
    assert!(!group.stopping().is_stopping());
    assert_eq!(group.shutdown(Duration::from_millis(200)).await, vec!["deaf"]);
    assert_eq!(ended.load(Ordering::SeqCst), 1);
    assert!(group.stopping().is_stopping());
    assert_eq!(deaf.await, Err(Lost::Stopped("deaf")));
    assert!(group.shutdown(SOON).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn upkeep_never_overlaps_survives_errors_and_panics_and_stops() {
    let group = TaskGroup::new();
    let turns = Arc::new(AtomicUsize::new(0));
    let at_once = Arc::new(AtomicUsize::new(0));
    let (turn, inside) = (Arc::clone(&turns), Arc::clone(&at_once));
    let upkeep = group.every("sweep", Duration::from_secs(10), true, move || {
        let (turn, inside) = (Arc::clone(&turn), Arc::clone(&inside));
        async move {
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two turns at once");
            // Longer than the period: the next turn must wait for the end of this one.
            tokio::time::sleep(Duration::from_secs(25)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            match turn.fetch_add(1, Ordering::SeqCst) {
                0 => Err("the first turn fails"),
                1 => panic!("the second turn panics"),
                _ => Ok(()),
            }
        }
    });
    tokio::time::sleep(Duration::from_secs(400)).await;
    assert!(turns.load(Ordering::SeqCst) >= 8, "{turns:?}");
    assert!(group.shutdown(Duration::from_mins(1)).await.is_empty());
    assert_eq!(upkeep.await, Ok(()));
    assert_eq!(at_once.load(Ordering::SeqCst), 0, "the turn that was running was finished");
}

#[tokio::test]
async fn stopping_outlives_the_group() {
    let group = TaskGroup::new();
    let stopping = group.stopping();
    drop(group);
    tokio::time::timeout(SOON, stopping.stopped()).await.unwrap();
}
