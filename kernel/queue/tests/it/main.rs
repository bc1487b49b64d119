//! The queue on both engines: what is asked for is done once, whatever happens on the way.

#![allow(clippy::unwrap_used, reason = "a test ends where something is wrong")]
#![allow(clippy::disallowed_methods, reason = "a test has no task group")]

mod ends;
mod many;
mod memory;
mod place;
mod schedules;
mod stalled;

use std::time::Duration;

use place::{FAIL, HEED, NOTE, ONE, Place, QUICK, job, workspace};
use queue::State;
use types::{Error, Installation, Kind};

both! {
    async fn a_job_exists_exactly_if_its_commit_does(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let undone = place.db.write(scope.clone(), |tx, scope| Box::pin(async move {
            queue::enqueue(tx, scope, job(&NOTE, "undone")).await?;
            Err::<(), _>(Error::not_found())
        }));
        assert_eq!(undone.await.unwrap_err().kind(), Kind::NotFound);
        let id = place.enqueue(&scope, job(&NOTE, "done")).await;
        let row = place.until(&scope, id, State::Done).await;
        assert_eq!((row.attempt, row.result.as_deref()), (1, Some(r#"{"noted":"done"}"#)));
        assert_eq!(place.notes().await, ["done"]);
        assert_eq!(place.log(&scope, id).await, ["queued", "running", "done"]);
        assert_eq!(place.told(id).await, ["job.status.queued", "job.status.running", "job.status.done"]);
        let quiet = place.enqueue(&scope, job(&NOTE, "quiet").quiet()).await;
        place.until(&scope, quiet, State::Done).await;
        assert!(place.told(quiet).await.is_empty());
        // Another workspace knows of none of it.
        let other = place.db.read((workspace(), id), |rx, (scope, id)| Box::pin(queue::get(rx, scope, *id)));
        assert!(other.await.unwrap().is_none());
        node.stop().await;
    }

    async fn it_begins_at_once(place) {
        let scope = workspace();
        // Nobody looks by himself for an hour.
        let node = place.node(queue::Options { poll: Duration::from_hours(1), ..QUICK }).await;
        for n in 0..5 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            place.enqueue(&scope, job(&NOTE, &n.to_string())).await;
        }
        place.until_notes(5).await;
        node.stop().await;
    }

    async fn a_key_holds_one_job_until_it_has_ended(place) {
        let scope = workspace();
        let keyed = || job(&NOTE, "keyed").unique("k");
        let first = place.enqueue(&scope, keyed()).await;
        assert_eq!(place.enqueue(&scope, keyed()).await, first);
        assert_ne!(place.enqueue(&workspace(), keyed()).await, first);
        let (a, b, c) = tokio::join!(place.enqueue(&scope, keyed().after(Duration::from_hours(1))), place.enqueue(&scope, keyed()), place.enqueue(&scope, keyed()));
        assert_eq!([a, b, c], [first; 3]);
        let node = place.node(QUICK).await;
        place.until(&scope, first, State::Done).await;
        assert_ne!(place.enqueue(&scope, keyed()).await, first);
        node.stop().await;
    }

    async fn the_urgent_goes_first_and_the_delayed_waits(place) {
        let scope = workspace();
        let later = place.enqueue(&scope, job(&ONE, "later").priority(9).after(Duration::from_millis(700))).await;
        for (name, priority) in [("low", -1), ("normal", 0), ("high", 5)] {
            place.enqueue(&scope, job(&ONE, name).priority(priority)).await;
        }
        let node = place.node(QUICK).await;
        place.until(&scope, later, State::Done).await;
        assert_eq!(*place.seen.starts.lock(), ["high", "normal", "low", "later"]);
        let row = place.get(&scope, later).await;
        assert!(row.started_at.unwrap() >= row.run_at);
        node.stop().await;
    }

    async fn nothing_is_taken_from_a_paused_queue(place) {
        let scope = workspace();
        let by = Installation::system("a test");
        place.db.write(by.clone(), |tx, by| Box::pin(queue::pause(tx, by, "narrow"))).await.unwrap();
        let node = place.node(QUICK).await;
        let held = place.enqueue(&scope, job(&ONE, "held")).await;
        let free = place.enqueue(&scope, job(&NOTE, "free")).await;
        place.until(&scope, free, State::Done).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(place.get(&scope, held).await.state, State::Queued);
        place.db.write(by, |tx, by| Box::pin(queue::resume(tx, by, "narrow"))).await.unwrap();
        place.until(&scope, held, State::Done).await;
        node.stop().await;
    }

    async fn cancelled_at_once_while_it_waits_and_told_while_it_runs(place) {
        let scope = workspace();
        let cancel = |id| place.db.write((scope.clone(), id), |tx, (scope, id)| Box::pin(queue::cancel(tx, scope, *id)));
        let waiting = place.enqueue(&scope, job(&NOTE, "waiting").after(Duration::from_hours(1))).await;
        assert_eq!(cancel(waiting).await.unwrap(), State::Cancelled);
        assert_eq!(cancel(waiting).await.unwrap_err().code(), "job_ended");
        assert_eq!(cancel(queue::JobId::at(place.db.clock().now())).await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(place.told(waiting).await, ["job.status.queued", "job.status.cancelled"]);
        let node = place.node(QUICK).await;
        let running = place.enqueue(&scope, job(&HEED, "running")).await;
        place.until_begun(1).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(cancel(running).await.unwrap(), State::Running);
        place.until(&scope, running, State::Cancelled).await;
        assert_eq!(place.log(&scope, running).await, ["queued", "running", "log", "progress", "cancel_asked", "cancelled"]);
        // By hand it is done after all.
        let retry = place.db.write((scope.clone(), waiting), |tx, (scope, id)| Box::pin(queue::retry(tx, scope, *id)));
        retry.await.unwrap();
        place.until(&scope, waiting, State::Done).await;
        node.stop().await;
    }

    async fn what_was_done_is_forgotten_and_what_failed_is_kept(place) {
        let scope = workspace();
        let node = place.node(QUICK).await;
        let done = place.enqueue(&scope, job(&NOTE, "done")).await;
        let failed = place.enqueue(&scope, job(&FAIL, "never again")).await;
        place.until(&scope, done, State::Done).await;
        place.until(&scope, failed, State::Failed).await;
        node.stop().await;
        let forget = place.db.write(Installation::system("a test"), |tx, by| Box::pin(async move {
            queue::prune(tx, by, tx.now().plus(Duration::from_secs(1))).await
        }));
        assert_eq!(forget.await.unwrap(), 1);
        assert!(place.log(&scope, done).await.is_empty());
        assert_eq!(place.get(&scope, failed).await.state, State::Failed);
    }
}
