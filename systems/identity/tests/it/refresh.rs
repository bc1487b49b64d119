//! Rotation of refresh tokens.

use std::collections::HashSet;
use std::time::Duration;

use peers::{Proxy, When};
use testkit::{Engine, TestApp};
use web::Fault;

use super::{ME, SESSIONS, events, pair, refresh, start};

const LEEWAY: Duration = Duration::from_secs(10);

testkit::on_both! {
    async fn p7_cve_2026_1035_sixty_four_refreshes_at_once_have_one_successor(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (_, first) = pair(&app, &owner.email).await;
        let (successors, refused) = refreshes_at_once(&app, &first).await;
        assert_eq!((successors.len(), refused), (1, 0), "{successors:?}");
        let second = successors.into_iter().next().expect("one");
        assert_ne!(second, first);
        let _ = refresh(&app, &second).await.expect(200);
    }

    async fn p7_the_test_of_rotation_can_fail(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (_, first) = pair(&app, &owner.email).await;
        app.faults.plant(Fault::SplitRotation);
        let (successors, refused) = refreshes_at_once(&app, &first).await;
        assert!(successors.len() != 1 || refused > 0, "the planted fault was not seen");
    }

    async fn a13_the_previous_one_repeats_within_the_leeway_only(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (access, first) = pair(&app, &owner.email).await;
        let second = refresh(&app, &first).await.expect(200).text("refresh_token");
        app.clock().advance(LEEWAY);
        assert_eq!(refresh(&app, &first).await.expect(200).text("refresh_token"), second);
        app.clock().advance(Duration::from_millis(1));
        refresh(&app, &first).await.refused(401, "invalid_refresh_token");
        refresh(&app, &second).await.refused(401, "invalid_refresh_token");
        app.anonymous().bearer(&access).get(ME).await.refused(401, "token_invalid");
    }

    async fn a13_a_grand_parent_ends_the_session_inside_the_leeway(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (_, first) = pair(&app, &owner.email).await;
        let second = refresh(&app, &first).await.expect(200).text("refresh_token");
        let third = refresh(&app, &second).await.expect(200).text("refresh_token");
        refresh(&app, &first).await.refused(401, "invalid_refresh_token");
        for token in [&first, &second, &third] {
            refresh(&app, token).await.refused(401, "invalid_refresh_token");
        }
        let id = format!("ses_{}", &first[3..29]);
        assert_eq!(events(&app, &id).await, ["session.created", "session.reuse_detected"]);
        // And every other one of the person, in the same request.
        owner.get(ME).await.refused(401, "token_invalid");
    }

    async fn a13_where_it_is_set_so_only_the_family_ends(engine: Engine) {
        let app = TestApp::with(engine, vec![identity::system()], FAMILY).await;
        let owner = app.owner("Main").await;
        let (access, first) = pair(&app, &owner.email).await;
        let second = refresh(&app, &first).await.expect(200).text("refresh_token");
        let _ = refresh(&app, &second).await.expect(200);
        refresh(&app, &first).await.refused(401, "invalid_refresh_token");
        app.anonymous().bearer(&access).get(ME).await.refused(401, "token_invalid");
        let _ = owner.get(ME).await.expect(200);
    }

    async fn a13_reuse_ends_sessions_of_browsers_too_and_nobody_elses(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Main").await);
        let page = app.anonymous().with("host", "localhost").with("origin", "http://localhost");
        let body = serde_json::json!({"email": owner.email, "password": crate::PASSWORD});
        let signed_in = page.post("/api/v1/auth/session", body).await.expect(200);
        let cookie = signed_in.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie");
        let browser = app.anonymous().with("cookie", cookie);
        let _ = browser.get(ME).await.expect(200);
        reuse(&app, &owner.email).await;
        browser.get(ME).await.refused(401, "session_ended");
        let _ = other.get(ME).await.expect(200);
    }

    async fn p7_the_test_of_reuse_can_fail(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        app.faults.plant(Fault::ForgivenReuse);
        reuse(&app, &owner.email).await;
        let _ = owner.get(ME).await.expect(200);
    }

    async fn p7_every_chain_has_one_successor_whatever_comes_between(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let rounds = testkit::rounds(2, 200);
        let (_, mut token) = pair(&app, &owner.email).await;
        for round in 0..rounds {
            let before = token.clone();
            let (successors, refused) = refreshes_at_once(&app, &token).await;
            assert_eq!((successors.len(), refused), (1, 0), "round {round}");
            token = successors.into_iter().next().expect("one");
            app.clock().advance(LEEWAY);
            assert_eq!(refresh(&app, &before).await.expect(200).text("refresh_token"), token);
            app.clock().advance(Duration::from_millis(1));
        }
        testkit::tell(&format!("{rounds} generations, each asked for 64 times at once"));
    }

    async fn a13_a_client_that_moves_keeps_its_session(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (_, first) = pair(&app, &owner.email).await;
        let moved = app.anonymous().at([203, 0, 113, 9]).with("user-agent", "other/1");
        let second = moved.post(crate::REFRESH, serde_json::json!({"refresh_token": first})).await.expect(200);
        let list = owner.get(SESSIONS).await.expect(200).json();
        assert_eq!(crate::item(&list, "ip", "203.0.113.9")["user_agent"], "other/1");
        let _ = refresh(&app, &second.text("refresh_token")).await.expect(200);
    }

    async fn a13_cve_2026_9802_what_was_rotated_stays_so_for_a_server_that_just_started(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (_, first) = pair(&app, &owner.email).await;
        let second = refresh(&app, &first).await.expect(200).text("refresh_token");
        let third = refresh(&app, &second).await.expect(200).text("refresh_token");
        // Everything that this one knows it has from the database.
        let started = app.beside(None).await;
        assert_eq!(refresh(&started, &second).await.expect(200).text("refresh_token"), third);
        let fourth = refresh(&started, &third).await.expect(200).text("refresh_token");
        refresh(&started, &first).await.refused(401, "invalid_refresh_token");
        refresh(&started, &fourth).await.refused(401, "invalid_refresh_token");
    }
}

const FAMILY: &str = r#"
[sessions]
on_reuse = "family"
[identity]
password_memory_kib = 64
password_passes = 1
"#;

/// Uses a token again when two others came after it.
async fn reuse(app: &TestApp, email: &str) {
    let (_, first) = pair(app, email).await;
    let second = refresh(app, &first).await.expect(200).text("refresh_token");
    let _ = refresh(app, &second).await.expect(200);
    refresh(app, &first).await.refused(401, "invalid_refresh_token");
}

/// Refreshes 64 times at once with one token: the successors that were handed out, and how many got none.
async fn refreshes_at_once(app: &TestApp, token: &str) -> (HashSet<String>, usize) {
    let copies = (0..64).map(|_| {
        let client = app.anonymous();
        let body = serde_json::json!({"refresh_token": token});
        tokio::spawn(async move { client.post(crate::REFRESH, body).await })
    });
    let (mut successors, mut refused) = (HashSet::new(), 0);
    for answer in copies.collect::<Vec<_>>() {
        let answer = answer.await.expect("an answer");
        if answer.status == 200 {
            successors.insert(answer.text("refresh_token"));
        } else {
            refused += 1;
        }
    }
    (successors, refused)
}

#[test]
fn p7_keycloak_49213_a_connection_lost_in_the_middle_of_a_refresh_burns_nothing() {
    testkit::block_on(async {
        let app = start(Engine::Postgres).await;
        let owner = app.owner("Main").await;
        let proxy = Proxy::to(peers::postgres().port());
        let node = app.beside(Some(&proxy)).await;
        let (_, first) = pair(&node, &owner.email).await;
        let mut token = refresh(&node, &first).await.expect(200).text("refresh_token");
        for when in [When::Before, When::Answered] {
            proxy.on(b"COMMIT", when);
            refresh(&node, &token).await.refused(503, "outcome_unknown");
            // Whether it happened or not, the same token gets the next pair, and that one works.
            token = refresh(&node, &token).await.expect(200).text("refresh_token");
            token = refresh(&node, &token).await.expect(200).text("refresh_token");
        }
        assert_eq!(proxy.fired(), 2);
    });
}
