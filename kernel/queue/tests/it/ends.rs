//! Attempts that do not end well.

use std::sync::atomic::Ordering;
use std::time::Duration;

use queue::{Options, State};

use crate::both;
use crate::place::{Context, FAIL, HEED, HOG, LINGER, NOTE, Place, QUICK, REFUSED, job, workspace};
use crate::stalled;

/// Lets go of what never waits, also when the test fails.
struct LetGo(Context);

impl Drop for LetGo {
    fn drop(&mut self) {
        self.0.let_go.store(true, Ordering::SeqCst);
    }
}

both! {
    async fn a_failure_is_tried_again_until_no_attempt_is_left(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let twice = place.enqueue(&scope, job(&FAIL, "twice")).await;
        let always = place.enqueue(&scope, job(&FAIL, "always")).await;
        let row = place.until(&scope, twice, State::Done).await;
        assert_eq!((row.attempt, row.failures, row.error), (3, 2, None));
        let row = place.until(&scope, always, State::Failed).await;
        assert_eq!((row.attempt, row.failures, row.error.as_deref()), (3, 3, Some("busy: Not now.")));
        assert_eq!(
            place.log(&scope, always).await,
            ["queued", "running", "attempt_failed", "running", "attempt_failed", "running", "failed"]
        );
        assert_eq!(place.told(always).await, ["job.status.queued", "job.status.running", "job.status.failed"]);
        // By hand it has all its attempts anew.
        let retry = place.db.write((scope.clone(), always), |tx, (scope, id)| Box::pin(queue::retry(tx, scope, *id)));
        retry.await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let row = place.until(&scope, always, State::Failed).await;
        assert_eq!((row.attempt, row.failures), (6, 3));
        node.stop().await;
    }

    async fn bad_input_a_job_that_never_waits_holds_up_nobody(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let _end = LetGo(place.seen.clone());
        // More of them than there are threads for tasks.
        let mut hogs = Vec::new();
        for name in ["one", "two", "three"] {
            hogs.push(place.enqueue(&scope, job(&HOG, name)).await);
        }
        place.until_begun(3).await;
        let note = place.enqueue(&scope, job(&NOTE, "beside")).await;
        place.until(&scope, note, State::Done).await;
        for id in &hogs {
            let row = place.until(&scope, *id, State::Failed).await;
            let error = row.error.as_deref();
            // Another attempt would cost another thread.
            assert_eq!((row.attempt, error), (1, Some("job_timed_out: The job took longer than it may.")));
        }
        // What they write at last is refused.
        place.seen.let_go.store(true, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(place.notes().await, ["beside"]);
        node.stop().await;
    }

    async fn bad_input_jobs_that_never_wait_keep_a_bounded_number_of_threads(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let _end = LetGo(place.seen.clone());
        let hogs: Vec<_> = (0..12).map(|n| job(&HOG, &format!("{n}"))).collect();
        place.enqueue_many(&scope, hogs).await;
        // Four run at a time, and as many that were given up are borne.
        place.until_begun(8).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(place.seen.starts.lock().len(), 8);
        let note = place.enqueue(&scope, job(&NOTE, "beside")).await;
        place.until(&scope, note, State::Done).await;
        // Each thread that ends makes room for another.
        place.seen.let_go.store(true, Ordering::SeqCst);
        assert_eq!(place.until_notes(5).await.len(), 5);
        node.stop().await;
    }

    async fn bad_input_an_error_that_no_database_takes_ends_its_attempt(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let id = place.enqueue(&scope, job(&FAIL, "hostile")).await;
        let row = place.until(&scope, id, State::Failed).await;
        let error = row.error.unwrap();
        assert!(error.starts_with("odd: What they said:xxx") && error.len() == 2_000, "{}", error.len());
        node.stop().await;
    }

    async fn an_error_can_say_not_again(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let id = place.enqueue(&scope, job(&FAIL, "never again")).await;
        let row = place.until(&scope, id, State::Failed).await;
        assert_eq!((row.attempt, row.error.as_deref()), (1, Some("wrong: It is wrong.")));
        node.stop().await;
    }

    async fn a_panic_and_a_timeout_cost_one_attempt_each(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let panics = place.enqueue(&scope, job(&FAIL, "panic")).await;
        let sleeps = place.enqueue(&scope, job(&FAIL, "sleep")).await;
        let row = place.until(&scope, panics, State::Failed).await;
        assert_eq!((row.attempt, row.error.as_deref()), (3, Some("job_panicked: The job panicked.")));
        let row = place.until(&scope, sleeps, State::Failed).await;
        assert_eq!((row.attempt, row.error.as_deref()), (3, Some("job_timed_out: The job took longer than it may.")));
        let after = place.enqueue(&scope, job(&NOTE, "after")).await;
        place.until(&scope, after, State::Done).await;
        node.stop().await;
    }

    async fn an_effect_that_is_refused_leaves_the_job_to_be_done(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let id = place.enqueue(&scope, job(&REFUSED, "effect")).await;
        let row = place.until(&scope, id, State::Done).await;
        assert_eq!((row.attempt, place.notes().await), (2, vec!["effect".to_owned()]));
        node.stop().await;
    }

    async fn p2_whoever_lost_the_job_cannot_finish_it(place) {
        assert_eq!(stalled::late_finish(&place).await, (1, vec!["stalled".to_owned()]));
    }

    async fn a_node_that_stops_gives_its_jobs_back(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let id = place.enqueue(&scope, job(&HEED, "heeds")).await;
        place.until_begun(1).await;
        node.stop().await;
        let row = place.get(&scope, id).await;
        assert_eq!((row.state, row.failures, row.attempt), (State::Queued, 0, 1));
        assert!(place.log(&scope, id).await.contains(&"given_back"));
        let again = place.node(QUICK).await;
        place.until_begun(2).await;
        again.stop().await;
    }

    async fn a_cancel_that_a_failing_attempt_did_not_hear_of_holds(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let mut jobs = Vec::new();
        for n in 0..12 {
            jobs.push(place.enqueue(&scope, job(&FAIL, "cancels itself").unique(n.to_string())).await);
        }
        for id in jobs {
            let row = place.until(&scope, id, State::Cancelled).await;
            assert!(row.attempt == 1 && row.ended_at.is_some(), "{row:?}");
            assert_eq!(place.log(&scope, id).await, ["queued", "running", "cancel_asked", "cancelled"]);
            let told = place.told(id).await;
            assert!(told.len() == 3 && told.iter().any(|kind| kind == "job.status.cancelled"), "{told:?}");
        }
        node.stop().await;
        assert_eq!(place.seen.starts.lock().len(), 12);
    }

    async fn a_node_that_stops_gives_no_cancelled_job_to_others(place) {
        let scope = workspace();
        let node = place.node(Options { grace: Duration::from_secs(9), ..QUICK }).await;
        let id = place.enqueue(&scope, job(&LINGER, "lingers").unique("k")).await;
        place.until_begun(1).await;
        // It was told to stop with its node, so it does not hear of this.
        let cancel = async {
            place.until_begun(2).await;
            let cancel = place.db.write((scope.clone(), id), |tx, (scope, id)| Box::pin(queue::cancel(tx, scope, *id)));
            assert_eq!(cancel.await.unwrap(), State::Running);
            place.seen.wait.notify_one();
        };
        tokio::join!(node.stop(), cancel);
        let row = place.get(&scope, id).await;
        assert!(row.state == State::Cancelled && row.ended_at.is_some(), "{row:?}");
        assert_eq!(place.log(&scope, id).await, ["queued", "running", "cancel_asked", "cancelled"]);
        assert_eq!(place.told(id).await.last().unwrap(), "job.status.cancelled");
        // Its key is free, and no other node begins it.
        let again = place.node(QUICK).await;
        assert_ne!(place.enqueue(&scope, job(&NOTE, "next").unique("k")).await, id);
        place.until_notes(1).await;
        assert_eq!(*place.seen.starts.lock(), ["lingers", "stopping", "next"]);
        again.stop().await;
    }

    async fn p2_the_jobs_of_a_dead_node_run_again(place) {
        let scope = workspace();
        // The node dies with its runtime, without a word.
        let other = std::thread::scope(|threads| {
            threads.spawn(|| {
                let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
                let id = runtime.block_on(async {
                    let node = place.node(Options { poll: Duration::from_millis(20), ..QUICK }).await;
                    let id = place.enqueue(&scope, job(&HEED, "lost")).await;
                    place.until_begun(1).await;
                    drop(node);
                    id
                });
                runtime.shutdown_background();
                id
            }).join().unwrap()
        });
        let node = place.node(QUICK).await;
        place.until_begun(2).await;
        let row = place.get(&scope, other).await;
        assert_eq!((row.state, row.attempt, row.failures), (State::Running, 2, 0));
        assert!(place.log(&scope, other).await.contains(&"taken_back"));
        node.stop().await;
    }
}
