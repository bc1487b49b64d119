//! Signing in.

use http::Method;
use testkit::TestApp;

use super::{ME, PASSWORD, TOKEN, start, token};

testkit::on_both! {
    async fn the_right_password_gets_a_pair(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let answer = token(&app.anonymous(), &format!("  {} ", owner.email.to_uppercase()), PASSWORD).await.expect(200);
        assert_eq!(answer.text("token_type"), "bearer");
        assert_eq!(answer.json()["expires_in"], 900);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.text("refresh_token").starts_with("rt_"));
        let me = app.anonymous().bearer(&answer.text("access_token")).get(ME).await.expect(200);
        assert_eq!(me.text("id"), owner.id);
    }

    async fn a18_every_refusal_reads_the_same(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let suspended = app.suspended("Main").await;
        let wrong = token(&app.anonymous(), &owner.email, "not the password").await;
        let unknown = token(&app.anonymous(), "nobody@example.test", PASSWORD).await;
        let barred = token(&app.anonymous(), &suspended.email, PASSWORD).await;
        let odd = token(&app.anonymous(), "'; DROP TABLE people; --", PASSWORD).await;
        let told = |answer: &testkit::Answer| {
            let mut body = answer.json();
            body["request_id"] = serde_json::Value::Null;
            (answer.status, body.to_string(), answer.header("www-authenticate").map(str::to_owned))
        };
        for other in [&unknown, &barred, &odd] {
            assert_eq!(told(&wrong), told(other));
        }
        wrong.refused(401, "invalid_credentials");
    }

    async fn a_form_is_read_strictly(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let ask = || app.anonymous().ask(Method::POST, TOKEN);
        let good = [("username", owner.email.as_str()), ("password", PASSWORD)];
        let with = |more| [good[0], good[1], more];
        let _ = ask().form(&with(("grant_type", "password"))).send().await.expect(200);
        ask().form(&with(("grant_type", "client_credentials"))).send().await.refused(400, "unsupported_grant_type");
        ask().form(&with(("role", "owner"))).send().await.refused(422, "invalid");
        ask().form(&with(("password", "again"))).send().await.refused(400, "repeated_field");
        ask().form(&good[..1]).send().await.refused(422, "invalid");
        ask().json(&serde_json::json!({"username": "a", "password": "b"})).send().await.refused(415, "unsupported_media_type");
    }

    async fn nothing_of_a_sign_in_is_kept_under_a_key(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let ask = || {
            let form = [("username", owner.email.as_str()), ("password", PASSWORD)];
            app.anonymous().ask(Method::POST, TOKEN).form(&form).key("the-same")
        };
        let first = ask().send().await.expect(200);
        let second = ask().send().await.expect(200);
        assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
        assert_eq!(second.header("idempotent-replayed"), None);
    }

    async fn a19_an_account_is_limited_however_it_is_spelled(engine: Engine) {
        let settings = "[limits]\nsign_in = 10\n[identity]\npassword_memory_kib = 64\npassword_passes = 1\n";
        let app = TestApp::with(engine, vec![identity::system()], settings).await;
        let mut seen = Vec::new();
        for n in 0..14 {
            let email = ["Victim@example.test", " victim@EXAMPLE.test", "victim@example.test "][n % 3];
            let client = app.anonymous().with("x-forwarded-for", &format!("198.51.100.{n}"));
            seen.push(token(&client, email, "not the password").await.status.as_u16());
        }
        assert_eq!(seen.iter().filter(|status| **status == 401).count(), 10, "{seen:?}");
        assert_eq!(seen[10..], [429; 4], "{seen:?}");
        app.clock().advance(std::time::Duration::from_mins(1));
        token(&app.anonymous(), "victim@example.test", "not the password").await.refused(401, "invalid_credentials");
    }
}
