//! P4: every event is told, however often whoever tells it dies; none twice under another id.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use peers::{Upstream, reply};
use testkit::{Engine, TestApp};
use web::Fault;

use crate::house::{report, start_open};
use crate::webhooks::hook;

const TOLD: &str = "status_event.created";

/// Reports while the house is cut off again and again; afterwards, what was reported and by which ids it was told.
async fn reported_and_told(
    engine: Engine,
    fault: Option<Fault>,
) -> (HashSet<String>, HashMap<String, HashSet<String>>) {
    let mut app = start_open(engine, "").await;
    let owner = app.owner("Main").await;
    let token = owner.bearer_token();
    let upstream = Upstream::says(|_| reply(204, "", "")).await;
    hook(&owner, &upstream.url("/"), &[TOLD]).await;
    let mut reported = HashSet::new();
    // Long enough that whoever was cut off is known to be dead, and somebody else follows before the next cut.
    let pause = Duration::from_millis(if engine == Engine::Postgres { 300 } else { 20 });
    for _ in 0..peers::rounds(4, 25) {
        if let Some(fault) = fault {
            app.faults.plant(fault);
        }
        app.work().await;
        let client = app.anonymous().bearer(&token);
        for n in 0..12 {
            let status = if n % 2 == 0 { "degraded" } else { "operational" };
            reported.insert(report(&client, status).await.text("id"));
            tokio::time::sleep(pause).await;
        }
        // As kill -9: nothing is finished, nothing is given back.
        app.app.tasks().shutdown(Duration::ZERO).await;
        app = app.again();
    }
    app.work().await;
    let mut told = told(&upstream, TOLD);
    for _ in 0..400 {
        if told.len() >= reported.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
        told = self::told(&upstream, TOLD);
    }
    peers::tell(&format!(
        "{} reported, {} told in {} requests",
        reported.len(),
        told.len(),
        upstream.seen().len()
    ));
    app.app.tasks().shutdown(Duration::from_secs(5)).await;
    (reported, told)
}

/// By subject, the ids under which it was told.
fn told(upstream: &Upstream, kind: &str) -> HashMap<String, HashSet<String>> {
    let mut all: HashMap<String, HashSet<String>> = HashMap::new();
    for request in upstream.seen() {
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let Ok(body) = serde_json::from_str::<serde_json::Value>(body) else { continue };
        let id = head.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap_or_default();
        if body["type"] == kind {
            all.entry(body["data"]["subject"].as_str().unwrap().to_owned())
                .or_default()
                .insert(id.to_owned());
        }
    }
    all
}

testkit::on_both! {
    async fn p4_no_event_is_lost_and_none_has_two_ids(engine: Engine) {
        let (reported, told) = reported_and_told(engine, None).await;
        assert_eq!(told.keys().cloned().collect::<HashSet<_>>(), reported);
        assert!(told.values().all(|ids| ids.len() == 1), "{told:?}");
    }

    async fn p4_the_test_of_lost_events_can_fail(engine: Engine) {
        let (reported, told) = reported_and_told(engine, Some(Fault::LooseFollower)).await;
        assert!(told.len() < reported.len(), "the planted fault was not seen");
    }

    async fn two_nodes_tell_an_event_once(engine: Engine) {
        let app = start_open(engine, "").await;
        let other: Option<TestApp> = if engine == Engine::Postgres { Some(app.beside(None).await) } else { None };
        let owner = app.owner("Main").await;
        let upstream = Upstream::says(|_| reply(204, "", "")).await;
        hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        if let Some(other) = &other {
            other.work().await;
        }
        for n in 0..20 {
            report(&owner, if n % 2 == 0 { "degraded" } else { "operational" }).await;
        }
        for _ in 0..400 {
            if told(&upstream, TOLD).len() == 20 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!((told(&upstream, TOLD).len(), upstream.seen().len()), (20, 20));
    }
}
