//! Many jobs: each once, and each workspace in its turn.

use std::collections::HashMap;
use std::time::Duration;

use db::{Engine, params};
use queue::Options;

use crate::both;
use crate::place::{BOUND, NOTE, ONE, Place, QUICK, job, workspace};

/// So many jobs like the one about `origin`.
async fn copies(place: &Place, state: &str, queue: &str, many: u32) {
    let id = match place.db.engine() {
        Engine::Sqlite => "randomblob(16)".to_owned(),
        Engine::Postgres => format!("decode(md5('{queue}' || n.i::text), 'hex')"),
    };
    let rest = "workspace, lane, priority, ready, run_at, attempt, failures, losses, cancel, lines, told, payload, \
         actor_kind, actor_label, request_id, trace_id, enqueued_at";
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) \
         INSERT INTO jobs (id, kind, state, queue, {rest}) \
         SELECT {id}, kind, '{state}', '{queue}', {rest} FROM n, jobs WHERE subject = 'origin'"
    );
    let copy = place.db.write(sql, |tx, sql| Box::pin(async move { Ok(tx.execute(sql, params![]).await?) }));
    assert_eq!(copy.await.unwrap(), u64::from(many));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_runs_once_on_two_nodes() {
    let place = Place::on(Engine::Postgres).await;
    let scope = workspace();
    let (one, two) = (place.node(QUICK).await, place.node(QUICK).await);
    for part in 0..4 {
        let jobs = (0..50).map(|n| job(&NOTE, &format!("{part}-{n:02}"))).collect();
        place.enqueue_many(&scope, jobs).await;
    }
    let notes = place.until_notes(200).await;
    assert_eq!(notes.len(), 200);
    let mut starts = HashMap::<String, usize>::new();
    for name in place.seen.starts.lock().iter() {
        *starts.entry(name.clone()).or_default() += 1;
    }
    assert!(starts.len() == 200 && starts.values().all(|count| *count == 1), "{starts:?}");
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p21_two_nodes_hold_one_bound_together() {
    let place = Place::on(Engine::Postgres).await;
    let (one, two) = (place.node(QUICK).await, place.node(QUICK).await);
    for round in 1..=8 {
        // Both hear of it at once.
        let jobs = (0..6).map(|n| job(&BOUND, &format!("{round} {n}")).quiet()).collect();
        place.enqueue_many(&workspace(), jobs).await;
        place.until_begun(2 * round).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(place.seen.starts.lock().len(), 2 * round);
    }
    one.tasks.shutdown(Duration::from_secs(10)).await;
    two.tasks.shutdown(Duration::from_secs(10)).await;
}

both! {
    async fn p21_one_workspace_with_very_much_does_not_keep_others_waiting(place) {
        let (busy, small) = (workspace(), workspace());
        // 100,000 in `make promises`, in as many commits as there are thousands.
        for part in 0..peers::rounds(2, 100) {
            let jobs = (0..1000).map(|n| job(&ONE, &format!("busy {part} {n}")).priority(9).quiet()).collect();
            place.enqueue_many(&busy, jobs).await;
        }
        place.enqueue_many(&small, (0..10).map(|n| job(&ONE, &format!("small {n}")).quiet()).collect()).await;
        let node = place.node(QUICK).await;
        place.until_begun(40).await;
        let starts = place.seen.starts.lock().clone();
        let last = starts.iter().rposition(|name| name.starts_with("small")).unwrap();
        let small = starts.iter().filter(|name| name.starts_with("small")).count();
        assert!(small == 10 && last < 25, "the last of {small} began as number {last}");
        node.tasks.shutdown(Duration::from_secs(10)).await;
    }

    async fn p21_a_kind_may_be_bounded_for_each_workspace(place) {
        let (busy, other) = (workspace(), workspace());
        place.enqueue_many(&busy, (0..9).map(|n| job(&BOUND, &format!("busy {n}")).quiet()).collect()).await;
        let node = place.node(QUICK).await;
        place.until_begun(2).await;
        place.enqueue(&other, job(&BOUND, "other").quiet()).await;
        place.until_begun(3).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let starts = place.seen.starts.lock().clone();
        assert!(starts.len() == 3 && starts.contains(&"other".to_owned()), "{starts:?}");
        node.tasks.shutdown(Duration::from_secs(10)).await;
    }

    async fn a_full_queue_hides_no_other(place) {
        let scope = workspace();
        place.enqueue(&scope, job(&NOTE, "to copy").about("origin").quiet()).await;
        place.enqueue_many(&scope, (0..3).map(|n| job(&ONE, &format!("{n}")).quiet()).collect()).await;
        // More than are counted at all, in a kind and a queue that come first.
        for (state, queue, many) in [("queued", "default", 50_010), ("failed", "a", 50_010), ("failed", "z", 2)] {
            copies(&place, state, queue, many).await;
        }
        let by = types::Installation::system("a test");
        let queues = place.db.read(by, |rx, by| Box::pin(queue::queues(rx, by))).await.unwrap();
        let seen: Vec<_> = queues.iter().map(|one| (one.name.as_str(), one.ready, one.failed)).collect();
        assert_eq!(seen, [("a", 0, 50_000), ("default", 50_000, 0), ("narrow", 3, 0), ("z", 0, 2)]);
        assert!(queues[1].oldest.is_some() && queues[2].oldest.is_some(), "{queues:?}");
    }

    async fn a_workspace_at_its_limit_costs_no_commits(place) {
        let (busy, other) = (workspace(), workspace());
        let hour = Duration::from_hours(1);
        let node = place.node(Options { beat: hour, lease: hour, poll: hour, ..QUICK }).await;
        let first = place.enqueue(&busy, job(&BOUND, "first")).await;
        place.enqueue(&busy, job(&BOUND, "second")).await;
        place.until_begun(2).await;
        place.enqueue_many(&busy, vec![job(&BOUND, "waits"), job(&BOUND, "waits")]).await;
        // Until they have said what they say.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (commits, notices) = (place.db.commits(), place.db.listen("mainstay_queue"));
        let count = || (*commits.borrow(), *notices.borrow());
        let before = count();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let after = count();
        assert!(after.0 - before.0 <= 2 && after.1 - before.1 <= 2, "{before:?}, then {after:?}");
        // Others are served at once, and a place that frees is taken at once.
        place.enqueue(&other, job(&BOUND, "other")).await;
        place.until_begun(3).await;
        let cancel = place.db.write((busy, first), |tx, (scope, id)| Box::pin(queue::cancel(tx, scope, *id)));
        cancel.await.unwrap();
        place.until_begun(4).await;
        assert_eq!(place.seen.starts.lock()[2..], ["other", "waits"]);
        node.tasks.shutdown(Duration::from_secs(10)).await;
    }
}
