//! What the group promises, tried with real tasks.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::*;

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

#[tokio::test(flavor = "current_thread")]
async fn work_apart_that_never_waits_holds_up_nobody_and_is_cut_off_where_it_waits() {
    let group = TaskGroup::new();
    let on = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&on);
    let hog = group.apart("hog", async move {
        while told.load(Ordering::SeqCst) {
            std::hint::spin_loop();
        }
        7
    });
    // There is one thread for all tasks, and it is still free.
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!hog.is_finished());
    on.store(false, Ordering::SeqCst);
    assert_eq!(hog.await, Ok(7));
    let bad = group.apart("bad", async { panic!("on purpose") });
    assert_eq!(bad.await, Err::<(), _>(Lost::Panicked("bad")));
    let waits = group.apart("waits", std::future::pending::<()>());
    waits.abort();
    assert_eq!(waits.await, Err(Lost::Stopped("waits")));
    let deaf = group.apart("deaf", std::future::pending::<()>());
    assert_eq!(group.shutdown(Duration::from_millis(10)).await, ["deaf"]);
    assert_eq!(deaf.await, Err(Lost::Stopped("deaf")));
}
