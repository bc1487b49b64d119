//! A delivery and the job that sends it end together; one that lost its job is not waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use db::params;
use peers::{Upstream, reply};
use queue::{JobId, Reach};
use serde_json::{Value, json};
use testkit::{Client, TestApp};
use tokio::io::AsyncWriteExt as _;
use types::Installation;

use crate::house::{report, start_open, token, until};
use crate::webhooks::{WEBHOOKS, deliveries, hook};

const TOLD: &str = "status_event.created";

/// Does something to the jobs of a delivery behind everybody's back.
async fn tamper(app: &TestApp, sql: &'static str, delivery: &str) {
    let write = app.db().write(delivery.to_owned(), move |tx, delivery| {
        Box::pin(async move { tx.execute(sql, params![delivery]).await.map_err(types::Error::from) })
    });
    assert!(write.await.unwrap() > 0, "{sql}");
}

/// The newest job of a delivery, and how it stands.
async fn job(app: &TestApp, delivery: &str) -> (JobId, String) {
    let read = app.db().read(delivery.to_owned(), |rx, delivery| {
        Box::pin(async move {
            let sql =
                "SELECT id, state FROM jobs WHERE unique_key = $1 ORDER BY enqueued_at DESC, id DESC LIMIT 1";
            let mut row = rx.row(sql, params![delivery]).await?.unwrap();
            Ok((row.take("id")?, row.take("state")?))
        })
    });
    read.await.unwrap()
}

async fn cancel(app: &TestApp, delivery: &str) {
    let id = job(app, delivery).await.0;
    let reach = Reach::Everywhere(Installation::system("a test cancels a job"));
    let write =
        app.db().write((reach, id), |tx, (reach, id)| Box::pin(queue::cancel(tx, reach.clone(), *id)));
    assert_eq!(write.await.unwrap(), queue::State::Cancelled);
}

async fn standing(owner: &Client, hook: &str, attempts: i64, state: &str) -> Value {
    until(&format!("{attempts} attempts, {state}"), async || {
        let mut all = deliveries(owner, hook).await.into_iter();
        all.find(|one| one["attempts"] == attempts && one["state"] == state)
    })
    .await
}

/// A server that fails until it is told to be well.
async fn ailing() -> (Upstream, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(false));
    let now_well = Arc::clone(&well);
    let says = move |_: &str| reply(if now_well.load(Ordering::SeqCst) { 204 } else { 503 }, "", "");
    (Upstream::says(says).await, well)
}

fn id(delivery: &Value) -> String {
    delivery["id"].as_str().unwrap().to_owned()
}

fn replay(hook: &str, delivery: &Value) -> String {
    format!("{WEBHOOKS}/{hook}/deliveries/{}/replay", id(delivery))
}

/// The same house begun anew: schedules are looked at when it begins, and then by the clock of the machine.
async fn an_hour_later(app: TestApp) -> TestApp {
    until("the schedule is known", async || {
        let read = app.db().read((), |rx, ()| {
            let sql = "SELECT 1 AS one FROM queue_schedules WHERE name = 'webhooks.prune'";
            Box::pin(async move { Ok(rx.row(sql, &[]).await?.map(drop)) })
        });
        read.await.unwrap()
    })
    .await;
    app.app.tasks().shutdown(Duration::from_secs(5)).await;
    let app = app.again();
    app.clock().advance(Duration::from_mins(61));
    app.work().await;
    app
}

/// So many failures that the next one is the last.
const LAST: &str = "UPDATE jobs SET failures = 19 WHERE unique_key = $1 AND state = 'queued'";

testkit::on_both! {
    async fn what_is_given_up_has_a_job_that_is_done_and_can_be_sent_again_at_once(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let (upstream, well) = ailing().await;
        let (hook, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        let waits = standing(&owner, &hook, 1, "queued").await;
        until("it waits", async || (job(&app, &id(&waits)).await.1 == "queued").then_some(())).await;
        tamper(&app, LAST, &id(&waits)).await;
        app.clock().advance(Duration::from_secs(15));
        let given_up = standing(&owner, &hook, 2, "failed").await;
        assert_eq!(job(&app, &id(&given_up)).await.1, "done");
        well.store(true, Ordering::SeqCst);
        owner.post(replay(&hook, &given_up), json!({})).await.expect(200);
        standing(&owner, &hook, 3, "delivered").await;
        // A test is tried once.
        well.store(false, Ordering::SeqCst);
        owner.post(format!("{WEBHOOKS}/{hook}/test"), json!({})).await.expect(200);
        let test = standing(&owner, &hook, 1, "failed").await;
        assert_eq!(job(&app, &id(&test)).await.1, "done");
    }

    async fn what_can_never_be_read_is_given_up_in_the_end(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let (upstream, _) = ailing().await;
        let (hook, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        let waits = standing(&owner, &hook, 1, "queued").await;
        until("it waits", async || (job(&app, &id(&waits)).await.1 == "queued").then_some(())).await;
        tamper(&app, LAST, &id(&waits)).await;
        tamper(&app, "UPDATE webhooks SET secret = headers WHERE $1 <> ''", &id(&waits)).await;
        app.clock().advance(Duration::from_secs(15));
        let given_up = standing(&owner, &hook, 1, "failed").await;
        assert!(given_up["error"].as_str().unwrap().starts_with("webhook_unreadable"), "{given_up}");
        assert_eq!(job(&app, &id(&given_up)).await.1, "done");
    }

    async fn what_lost_its_job_is_sent_again_by_hand(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let (upstream, well) = ailing().await;
        let (hook, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        let waits = standing(&owner, &hook, 1, "queued").await;
        until("it waits", async || (job(&app, &id(&waits)).await.1 == "queued").then_some(())).await;
        owner.post(replay(&hook, &waits), json!({})).await.refused(409, "delivery_pending");
        cancel(&app, &id(&waits)).await;
        well.store(true, Ordering::SeqCst);
        app.clock().advance(Duration::from_secs(1));
        owner.post(replay(&hook, &waits), json!({})).await.expect(200);
        standing(&owner, &hook, 2, "delivered").await;
    }

    async fn what_lost_its_job_ends_within_the_hour_and_nothing_else_does(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let (upstream, _) = ailing().await;
        let (lost, _) = hook(&owner, &upstream.url("/lost"), &[TOLD]).await;
        let (other, _) = hook(&owner, &upstream.url("/other"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        let waits = standing(&owner, &lost, 1, "queued").await;
        standing(&owner, &other, 1, "queued").await;
        until("it waits", async || (job(&app, &id(&waits)).await.1 == "queued").then_some(())).await;
        cancel(&app, &id(&waits)).await;
        let app = an_hour_later(app).await;
        let token = token(&app, &owner.email).await;
        let reader = app.anonymous().bearer(&token);
        let ended = standing(&reader, &lost, 1, "failed").await;
        assert!(ended["error"].as_str().unwrap().starts_with("job_ended") && ended["ended_at"].is_string(), "{ended}");
        assert_eq!(deliveries(&reader, &other).await[0]["state"], "queued");
    }

    async fn whoever_hears_too_late_changes_nothing(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let answer = Arc::new(tokio::sync::Notify::new());
        let wait = Arc::clone(&answer);
        let upstream = Upstream::does(move |mut stream, _| {
            let wait = Arc::clone(&wait);
            async move {
                wait.notified().await;
                let _ = stream.write_all(&reply(503, "", "")).await;
                let _ = stream.shutdown().await;
            }
        })
        .await;
        let (hook, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        until("it is sent", async || (!upstream.seen().is_empty()).then_some(())).await;
        let sent = standing(&owner, &hook, 0, "queued").await;
        // As another node does that took the job from this one, which was frozen.
        tamper(&app, "UPDATE jobs SET attempt = attempt + 1, state = 'done', node = NULL, ended_at = 1 WHERE unique_key = $1", &id(&sent)).await;
        tamper(&app, "UPDATE webhook_deliveries SET state = 'delivered', ended_at = 1 WHERE job = (SELECT id FROM jobs WHERE unique_key = $1)", &id(&sent)).await;
        answer.notify_one();
        tokio::time::sleep(Duration::from_millis(700)).await;
        let still = deliveries(&owner, &hook).await.remove(0);
        assert_eq!((&still["state"], &still["attempts"], &still["error"]), (&"delivered".into(), &0.into(), &Value::Null));
        let standing = owner.get(format!("{WEBHOOKS}/{hook}")).await.expect(200).json();
        assert_eq!(standing["failing_since"], Value::Null);
    }
}
