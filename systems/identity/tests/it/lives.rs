//! How a session ends: by its person, by its time, and by nothing that a stranger guesses.

use std::time::Duration;

use super::{ME, SESSIONS, pair, refresh, start};

testkit::on_both! {
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
