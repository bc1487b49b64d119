//! A retry gets the same answer and does nothing twice.

use std::time::Duration;

use super::{EVENTS, report, start};
use http::Method;
use peers::{Proxy, When};
use testkit::{Answer, Client, Engine, TestApp};
use web::Fault;

async fn send(client: &Client, key: &str, service: &str) -> Answer {
    client.ask(Method::POST, EVENTS).key(key).json(&report(service, "degraded")).send().await
}

async fn total(client: &Client) -> i64 {
    client.get(EVENTS).await.expect(200).json()["total"].as_i64().unwrap_or(-1)
}

testkit::on_both! {
    async fn check_22_the_same_request_gets_the_same_reply(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let first = send(&owner, "k1", "api").await.expect(201);
        assert_eq!(first.header("idempotent-replayed"), None);
        let again = send(&owner, "\"k1\"", "api").await.expect(200);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.body, first.body);
        for name in ["etag", "location", "content-type"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_eq!(total(&owner).await, 1);
    }

    async fn check_22_another_request_under_the_key_is_a_mismatch(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        send(&owner, "k1", "api").await.expect(201);
        send(&owner, "k1", "mail").await.refused(422, "idempotency_mismatch");
        let query = owner.ask(Method::POST, format!("{EVENTS}?x=1")).key("k1").json(&report("api", "degraded"));
        query.send().await.refused(422, "idempotency_mismatch");
        let media = owner
            .ask(Method::POST, EVENTS)
            .key("k1")
            .raw("application/merge-patch+json", report("api", "degraded").to_string());
        media.send().await.refused(422, "idempotency_mismatch");
        assert_eq!(total(&owner).await, 1);
    }

    async fn a09_a_key_of_somebody_else_is_another_key(engine: Engine) {
        let app = start(engine).await;
        let (one, two) = (app.owner("Main").await, app.owner("Main").await);
        let other = app.owner("Other").await;
        send(&one, "k1", "api").await.expect(201);
        send(&two, "k1", "api").await.expect(201);
        send(&other, "k1", "api").await.expect(201);
        let patch = one.ask(Method::PATCH, "/api/v1/status/services/api").key("k1").json(&serde_json::json!({"name": "A"}));
        assert_eq!(patch.send().await.expect(200).header("idempotent-replayed"), None);
        assert_eq!((total(&one).await, total(&other).await), (2, 1));
    }

    async fn only_what_committed_is_kept(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let bad = owner.ask(Method::POST, EVENTS).key("k1").json(&report("BAD", "degraded"));
        bad.send().await.expect(422);
        send(&owner, "k1", "api").await.expect(201);
    }

    async fn check_22_a_key_expires(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let key = app.key(&owner, &["status:write", "status:read"]).await;
        send(&key, "k1", "api").await.expect(201);
        app.clock().advance(Duration::from_hours(24) - Duration::from_millis(1));
        send(&key, "k1", "api").await.expect(200);
        app.clock().advance(Duration::from_millis(1));
        send(&key, "k1", "api").await.expect(201);
        assert_eq!(total(&key).await, 2);
    }

    async fn a_revoked_caller_gets_no_replay(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let made = owner
            .post("/api/v1/auth/api-keys", serde_json::json!({"name": "k", "permissions": ["status:write"]}))
            .await
            .expect(201);
        let key = app.anonymous().with("x-api-key", &made.text("api_key"));
        send(&key, "k1", "api").await.expect(201);
        owner.delete(format!("/api/v1/auth/api-keys/{}", made.text("id"))).await.expect(204);
        send(&key, "k1", "api").await.expect(401);
    }

    async fn bad_keys_are_refused(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for bad in ["", "a b", "\"a", &"x".repeat(256)] {
            send(&owner, bad, "api").await.refused(400, "bad_idempotency_key");
        }
        let twice = owner.ask(Method::POST, EVENTS).key("a").key("b").json(&report("api", "degraded"));
        twice.send().await.refused(400, "duplicate_header");
        send(&owner, &"x".repeat(255), "api").await.expect(201);
    }

    async fn p6_64_copies_at_once_do_the_work_once(engine: Engine) {
        let app = start(engine).await;
        let rounds = testkit::rounds(3, 1000);
        for round in 0..rounds {
            let made = copies_at_once(&app, round).await;
            assert_eq!(made, 1, "p6: 64 copies made {made} events");
        }
        testkit::tell(&format!("p6 on {engine:?}: {rounds} keys, 64 copies each, one effect a key"));
    }

    async fn p6_the_test_of_copies_can_fail(engine: Engine) {
        let app = start(engine).await;
        app.faults.plant(Fault::ForgetKeys);
        assert!(copies_at_once(&app, 0).await > 1, "the planted fault was not seen");
    }
}

#[test]
fn p6_64_copies_on_two_nodes_do_the_work_once() {
    testkit::block_on(async {
        let app = start(Engine::Postgres).await;
        let owner = app.owner("Main").await;
        let other = app.beside(None).await;
        let token = owner.bearer_token();
        let nodes = [owner.client.clone(), other.anonymous().bearer(&token)];
        for round in 1..=8 {
            let made = copies_of(&nodes, &format!("round-{round}")).await;
            assert_eq!((made, total(&owner).await), (1, round));
        }
    });
}

#[test]
fn p6_a_commit_whose_outcome_was_lost_is_found_by_its_key() {
    testkit::block_on(async {
        for (when, done) in [(When::Answered, true), (When::Before, false)] {
            let app = start(Engine::Postgres).await;
            let owner = app.owner("Main").await;
            let proxy = Proxy::to(peers::postgres().port());
            let node = app.beside(Some(&proxy)).await;
            let client = node.anonymous().bearer(&owner.bearer_token());
            send(&client, "warm", "mail").await.expect(201);
            proxy.on(b"COMMIT", when);
            let first = send(&client, "k1", "api").await;
            assert_eq!(proxy.fired(), 1);
            if done {
                assert_eq!(first.clone().expect(200).header("idempotent-replayed"), Some("true"));
            } else {
                first.clone().refused(503, "outcome_unknown");
            }
            let again = send(&client, "k1", "api").await.expect(if done { 200 } else { 201 });
            assert!(!done || again.body == first.body);
            // Without a key nobody can know, and nobody is told otherwise.
            proxy.on(b"COMMIT", when);
            client.post(EVENTS, report("api", "degraded")).await.refused(503, "outcome_unknown");
            assert_eq!(total(&owner).await, if done { 3 } else { 2 });
        }
    });
}

testkit::on_both! {
    async fn p6_a_caller_who_hangs_up_finds_the_reply(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for round in 0..20_u64 {
            let key = format!("k{round}");
            let (client, asked) = (owner.client.clone(), key.clone());
            let request = tokio::spawn(async move { send(&client, &asked, "api").await });
            tokio::time::sleep(Duration::from_micros(round * 300)).await;
            request.abort();
            let _ = request.await;
            let mut answer = send(&owner, &key, "api").await;
            while answer.status == 409 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                answer = send(&owner, &key, "api").await;
            }
            assert!(matches!(answer.status.as_u16(), 200 | 201), "{}", answer.status);
        }
        assert_eq!(total(&owner).await, 20);
    }
}

/// Sends 64 copies of one request at the same moment and counts what they made.
async fn copies_at_once(app: &TestApp, round: usize) -> i64 {
    let owner = app.owner(&format!("Round {round}")).await;
    let made = copies_of(std::slice::from_ref(&owner.client), "one").await;
    assert_eq!(made, total(&owner).await, "what was acknowledged as made is what is there");
    made
}

/// Sends 64 copies of one request at the same moment, in turns by these clients, and counts who was told that it made
/// something.
async fn copies_of(clients: &[Client], key: &str) -> i64 {
    let copies = (0..64).map(|n| {
        let (client, key) = (clients[n % clients.len()].clone(), key.to_owned());
        tokio::spawn(async move { send(&client, &key, "api").await })
    });
    let mut created = 0;
    for copy in copies.collect::<Vec<_>>() {
        let answer = copy.await.expect("an answer");
        match answer.status.as_u16() {
            201 => created += 1,
            200 => assert_eq!(answer.header("idempotent-replayed"), Some("true")),
            409 => assert_eq!(answer.code(), "idempotency_in_flight"),
            other => panic!("{other}: {}", answer.json()),
        }
    }
    created
}
