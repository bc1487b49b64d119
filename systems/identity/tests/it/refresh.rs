//! Rotation of refresh tokens.

use std::collections::HashSet;
use std::time::Duration;

use peers::{Proxy, When};
use testkit::{Engine, TestApp};
use web::Fault;

use super::{ME, SESSIONS, events, pair, refresh, start};

const LEEWAY: Duration = Duration::from_secs(10);

testkit::on_both! {
    async fn p7_sixty_four_refreshes_at_once_have_one_successor(engine: Engine) {
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
        // Only this session: the one that the owner works with goes on.
        let _ = owner.get(ME).await.expect(200);
    }

    async fn a13_a_guess_ends_nothing(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (_, first) = pair(&app, &owner.email).await;
        let second = refresh(&app, &first).await.expect(200).text("refresh_token");
        let (front, _) = second.rsplit_once('.').expect("three parts");
        for guess in [format!("{front}.{}", "A".repeat(43)), "rt_".to_owned(), String::new(), first.replace(".1.", ".0.")] {
            refresh(&app, &guess).await.refused(401, "invalid_refresh_token");
        }
        let _ = refresh(&app, &second).await.expect(200);
    }

    async fn check_26_a_session_that_was_ended_is_not_refreshed(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (access, token) = pair(&app, &owner.email).await;
        let _ = app.anonymous().bearer(&access).post("/api/v1/auth/logout", serde_json::Value::Null).await.expect(200);
        refresh(&app, &token).await.refused(401, "invalid_refresh_token");
        app.anonymous().bearer(&access).get(ME).await.refused(401, "token_invalid");
    }

    async fn a_suspended_person_is_not_refreshed(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (_, token) = pair(&app, &owner.email).await;
        identity::admin::set_status(app.db(), &owner.email, identity::Status::Deactivated).await.expect("a suspension");
        refresh(&app, &token).await.refused(401, "invalid_refresh_token");
        identity::admin::set_status(app.db(), &owner.email, identity::Status::Active).await.expect("a pardon");
        let _ = refresh(&app, &token).await.expect(200);
    }

    async fn a_session_ends_when_idle_and_at_its_last_day(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let almost_six_days = Duration::from_secs(6 * 24 * 3600 - 1);
        let (_, idle) = pair(&app, &owner.email).await;
        let (_, mut used) = pair(&app, &owner.email).await;
        for _ in 0..5 {
            app.clock().advance(almost_six_days);
            used = refresh(&app, &used).await.expect(200).text("refresh_token");
        }
        refresh(&app, &idle).await.refused(401, "invalid_refresh_token");
        let left = refresh(&app, &used).await.expect(200).json()["expires_in"].clone();
        assert_eq!(left, 5, "an access token never outlives its session");
        app.clock().advance(Duration::from_secs(5));
        refresh(&app, &used).await.refused(401, "invalid_refresh_token");
    }

    async fn check_26_no_raw_token_is_shown_in_the_list(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (access, token) = pair(&app, &owner.email).await;
        let shown = owner.get(SESSIONS).await.expect(200);
        let text = String::from_utf8_lossy(&shown.body).into_owned();
        let secret = token.rsplit_once('.').expect("three parts").1;
        assert!(!text.contains(secret) && !text.contains(&access), "{text}");
    }
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
fn p7_a_connection_lost_in_the_middle_of_a_refresh_burns_nothing() {
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
