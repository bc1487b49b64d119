//! The live socket: what is heard, from where on, and how long.

use std::time::Duration;

use serde_json::json;
use testkit::TestApp;
use web::Fault;

use crate::house::{feed, open, report, start, token};
use crate::sockets::{Node, Wire};

const CREATED: &str = "status_event.created";
/// The house of the other tests with hearts that beat fast.
const FAST: &str =
    "[activity]\nheartbeat = \"1s\"\n[identity]\npassword_memory_kib = 64\npassword_passes = 1\n";

testkit::on_both! {
    async fn a_change_is_heard_of_on_its_topics_and_says_no_values(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        let mut all = node.following(&token, &["status"], false).await;
        let reported = report(&owner, "degraded").await.text("id");
        let event = loop {
            let event = all.hear_of("event").await;
            if event["event"] == CREATED { break event; }
        };
        assert_eq!(event["subject"].as_str(), Some(reported.as_str()));
        assert!(event["id"].as_str().unwrap().starts_with("evt_"));
        assert!(!event.to_string().contains("degraded"), "{event}");
        // One thing, and nothing of the others.
        let topic = format!("status_events.{reported}");
        let mut one = node.following(&token, &[&topic], false).await;
        let other = report(&owner, "operational").await.text("id");
        assert_eq!(all.event(CREATED).await, other);
        one.say(json!({"type": "unsubscribe", "topics": [topic]})).await;
        loop {
            let next = one.hear().await;
            if next["type"] == "unsubscribed" { break; }
            assert_eq!(next["subject"].as_str(), Some(reported.as_str()), "{next}");
        }
    }

    async fn a_socket_goes_on_after_the_event_it_names(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        report(&owner, "degraded").await;
        let first = feed(&owner, CREATED, 1).await[0]["id"].as_str().unwrap().to_owned();
        let missed = report(&owner, "operational").await.text("id");
        let mut wire = node.open(&token).await;
        wire.say(json!({"type": "hello", "after": first})).await;
        assert_eq!(wire.hear().await["heartbeat_seconds"], 15);
        // Between the first message and the second nothing is lost either.
        let between = report(&owner, "maintenance").await.text("id");
        wire.say(json!({"type": "subscribe", "topics": ["status_events"]})).await;
        assert_eq!((wire.event(CREATED).await, wire.event(CREATED).await), (missed, between));
        let next = report(&owner, "operational").await.text("id");
        assert_eq!(wire.event(CREATED).await, next);
    }

    async fn who_lags_far_behind_hears_everything_once_and_in_order(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        let mut late = node.greeted(&token).await;
        let mut prompt = node.following(&token, &["status_events"], false).await;
        let mut stream = open(&app, &token, None).await.began();
        let mut reported = Vec::new();
        // More events than a follower keeps.
        for n in 0..150 {
            let status = ["degraded", "operational"][n % 2];
            reported.push(report(&owner, status).await.text("id"));
        }
        late.say(json!({"type": "subscribe", "topics": ["status_events"]})).await;
        for id in &reported {
            assert_eq!(late.event(CREATED).await, *id);
            assert_eq!(prompt.event(CREATED).await, *id);
            assert_eq!(stream.next_of(CREATED).await.1["subject"].as_str(), Some(id.as_str()));
        }
        let last = report(&owner, "maintenance").await.text("id");
        assert_eq!((late.event(CREATED).await, prompt.event(CREATED).await), (last.clone(), last));
    }

    async fn one_follower_reads_for_everybody_and_goes_with_the_last(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let (node, mine) = (Node::of(&app).await, token(&app, &owner.email).await);
        let theirs = token(&app, &other.email).await;
        let mut wires = Vec::new();
        for _ in 0..5 {
            wires.push(node.greeted(&mine).await);
        }
        let stream = open(&app, &mine, None).await.began();
        let stranger = node.greeted(&theirs).await;
        let followers = || app.app.tasks().running().iter().filter(|name| **name == "journal follower").count();
        assert_eq!(followers(), 2);
        drop((wires, stranger, stream));
        for _ in 0..200 {
            if followers() == 0 { break; }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(followers(), 0);
        let mut again = node.following(&mine, &["status"], false).await;
        let reported = report(&owner, "degraded").await.text("id");
        assert_eq!(again.event(CREATED).await, reported);
    }

    async fn what_cannot_be_resumed_is_a_gap(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let node = Node::of(&app).await;
        report(&owner, "degraded").await;
        let old = feed(&owner, CREATED, 1).await[0]["id"].as_str().unwrap().to_owned();
        app.clock().advance(Duration::from_hours(14 * 24 + 1));
        let upkeep = app.app.systems().iter().flat_map(|system| system.upkeep).find(|upkeep| upkeep.name == "old events").unwrap();
        (upkeep.run)(app.app.clone()).await.unwrap();
        let token = token(&app, &owner.email).await;
        let never = journal::EventId::at(app.clock().now()).to_string();
        for after in [old, never] {
            let mut wire = node.open(&token).await;
            wire.say(json!({"type": "hello", "after": after})).await;
            assert_eq!(wire.hear().await["type"], "hello");
            assert_eq!(wire.hear().await, json!({"type": "gap", "after": after, "code": "events_expired"}));
            wire.say(json!({"type": "subscribe", "topics": ["status"]})).await;
            assert_eq!(wire.hear().await["type"], "subscribed");
            let next = app.anonymous().bearer(&token);
            let body = json!({"service_id": "api", "status": "operational", "description": "x"});
            let next = next.post("/api/v1/status/events", body).await.expect(201).text("id");
            assert_eq!(wire.event(CREATED).await, next);
        }
    }

    async fn p17_a_revoked_caller_is_closed_within_five_seconds_on_a_socket(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let node = Node::of(&app).await;
        let by_header = token(&app, &owner.email).await;
        let mut wire = node.following(&by_header, &["status"], true).await;
        assert_eq!(closed_after_logout(&app, &by_header, &mut wire).await, Some((4401, "not_signed_in".into())));
        // And one that says something all the time.
        let by_hello = token(&app, &owner.email).await;
        let mut wire = node.ask("", &[]).await.ok().unwrap();
        wire.say(json!({"type": "hello", "token": by_hello})).await;
        assert_eq!(wire.hear().await["type"], "hello");
        assert_eq!(closed_after_logout(&app, &by_hello, &mut wire).await, Some((4401, "not_signed_in".into())));
    }

    async fn p17_the_test_of_revocation_on_a_socket_can_fail(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        app.faults.plant(Fault::DeafStreams);
        let mut wire = node.following(&token, &["status"], false).await;
        assert_eq!(closed_after_logout(&app, &token, &mut wire).await, None, "the planted fault was not seen");
    }

    async fn who_is_silent_is_closed_and_who_beats_is_not(engine: Engine) {
        let app = TestApp::with(engine, vec![identity::system(), activity::system(), status::system()], FAST).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        let (mut silent, mut alive) = (node.greeted(&token).await, node.greeted(&token).await);
        let beating = async {
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_millis(500)).await;
                alive.say(json!({"type": "heartbeat"})).await;
            }
        };
        let (close, ()) = tokio::join!(silent.closed(), beating);
        assert_eq!(close, (4408, "no_heartbeat".into()));
        alive.say(json!({"type": "subscribe", "topics": ["status"]})).await;
        assert_eq!(alive.hear().await["type"], "subscribed");
    }

    async fn p20_sockets_are_told_that_the_server_stops(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        let mut wire = node.following(&token, &["status"], true).await;
        let mut ungreeted = node.open(&token).await;
        app.app.tasks().stop();
        assert_eq!(wire.closed().await, (1012, "server_stopping".into()));
        assert_eq!(ungreeted.closed().await, (1012, "server_stopping".into()));
        drop((wire, ungreeted));
        assert_eq!(node.ended().await.cut, 0);
    }

    async fn sockets_and_streams_share_the_places_of_a_caller(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        let bearer = format!("Bearer {token}");
        let _stream = open(&app, &token, None).await.began();
        let mut wires = Vec::new();
        for _ in 0..15 {
            wires.push(node.greeted(&token).await);
        }
        let refused = node.ask("", &[("authorization", &bearer)]).await.err();
        assert_eq!(refused, Some((429, "too_many_streams".into())));
        let mut late = node.ask("", &[]).await.ok().unwrap();
        late.say(json!({"type": "hello", "token": token})).await;
        assert_eq!(late.closed().await.0, 1013);
        wires.pop();
        for _ in 0..100 {
            if node.ask("", &[("authorization", &bearer)]).await.is_ok() { return; }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the place was never given back");
    }
}

/// How a socket is closed within five seconds after its caller has signed out, while it goes on talking.
async fn closed_after_logout(app: &TestApp, token: &str, wire: &mut Wire) -> Option<(u16, String)> {
    app.anonymous().bearer(token).post("/api/v1/auth/logout", json!({})).await.expect(200);
    app.clock().advance(Duration::from_secs(2));
    for _ in 0..20 {
        wire.raw(&[0x89, 0x80, 0, 0, 0, 0]).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::timeout(Duration::from_secs(3), wire.closed()).await.ok()
}
