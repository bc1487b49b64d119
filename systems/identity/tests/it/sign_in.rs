//! Signing in.

use std::time::{Duration, Instant};

use http::Method;
use testkit::{Engine, TestApp};
use web::Fault;

use super::timing::Verdict;
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

    async fn a_refusal_has_the_word_that_oauth_clients_look_for(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = crate::factors::owner_with_totp(&app).await;
        let ask = async |form: &[(&str, &str)]| app.anonymous().ask(Method::POST, TOKEN).form(form).send().await.json();
        let name = ("username", owner.email.as_str());
        assert_eq!(ask(&[name, ("password", "not the password")]).await["error"], "invalid_grant");
        assert_eq!(ask(&[("username", "nobody@example.test"), ("password", PASSWORD)]).await["error"], "invalid_grant");
        assert_eq!(ask(&[name, ("password", PASSWORD)]).await["error"], "second_factor_required");
        let wrong = phone.wrong(app.clock().now());
        assert_eq!(ask(&[name, ("password", PASSWORD), ("totp", &wrong)]).await["error"], "invalid_grant");
        assert_eq!(ask(&[name, ("grant_type", "client_credentials")]).await["error"], "unsupported_grant_type");
        assert_eq!(ask(&[name]).await["error"], "invalid_request");
        assert_eq!(crate::refresh(&app, "rt_nonsense").await.json()["error"], "invalid_grant");
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

    async fn a19_an_account_that_many_networks_try_is_slowed_never_locked(engine: Engine) {
        let settings = "[limits]\nsign_in = 2\n[identity]\npassword_memory_kib = 64\npassword_passes = 1\n";
        let app = TestApp::with(engine, vec![identity::system()], settings).await;
        let owner = app.owner("Main").await;
        app.clock().advance(std::time::Duration::from_mins(1));
        let attempt = |n: u8, email: &str, password: &'static str| {
            let client = app.anonymous().at([198, 51, 100, n]);
            let email = email.to_owned();
            async move {
                let began = Instant::now();
                (token(&client, &email, password).await, began.elapsed() >= Duration::from_secs(1))
            }
        };
        for n in 0..6 {
            let email = if n % 2 == 0 { owner.email.to_uppercase() } else { format!(" {}", owner.email) };
            let (answer, _) = attempt(n, &email, "not the password").await;
            answer.refused(401, "invalid_credentials");
        }
        // However it is spelled, the account is slow now; its owner gets in all the same, and others do not notice.
        let (answer, slow) = attempt(100, &owner.email, "not the password").await;
        answer.refused(401, "invalid_credentials");
        assert!(slow, "the seventh failure did not wait");
        let (answer, slow) = attempt(101, &owner.email, PASSWORD).await;
        answer.expect(200);
        assert!(slow, "the owner did not wait");
        for network in [102, 103] {
            app.clock().advance(Duration::from_mins(1) * u32::from(network == 103));
            let email = if network == 102 { "nobody@example.test" } else { owner.email.as_str() };
            assert!(!attempt(network, email, "not the password").await.1, "{email} waited");
        }
    }

    async fn a19_spoofed_addresses_lock_nobody_out(engine: Engine) {
        let settings = "[limits]\nsign_in = 2\n[identity]\npassword_memory_kib = 64\npassword_passes = 1\n";
        let app = TestApp::with(engine, vec![identity::system()], settings).await;
        let owner = app.owner("Main").await;
        let home = [203, 0, 113, 7];
        for n in 0..5_u8 {
            let stranger = app.anonymous().at([198, 51, 100, 1]).with("x-forwarded-for", "203.0.113.7");
            let answer = token(&stranger, &owner.email, "not the password").await;
            assert_eq!(answer.status.as_u16(), if n < 2 { 401 } else { 429 });
        }
        let answer = token(&app.anonymous().at(home), &owner.email, PASSWORD).await.expect(200);
        assert_eq!(answer.header("x-ratelimit-remaining"), Some("1"));
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

/// Whether a wrong password takes another time for an account that there is.
async fn time_tells(engine: Engine, fault: Option<Fault>) -> bool {
    // In full with the hashing that people get.
    let hashing = if testkit::full() { "" } else { "password_memory_kib = 3072\npassword_passes = 1\n" };
    let settings = format!("[limits]\nsign_in = 1000000\n[identity]\n{hashing}");
    let app = TestApp::with(engine, vec![identity::system()], &settings).await;
    if let Some(fault) = fault {
        app.faults.plant(fault);
    }
    let owner = app.owner("Main").await;
    let ask = async |known: bool, n: usize| {
        let email = if known { owner.email.clone() } else { format!("nobody{n}@example.test") };
        token(&app.anonymous(), &email, "not the password").await.refused(401, "invalid_credentials");
    };
    Verdict::short(0.2).tells(&format!("sign-in {engine:?}"), ask).await
}

testkit::on_both! {
    async fn p23_an_address_nobody_has_takes_as_long(engine: Engine) {
        assert!(!time_tells(engine, None).await);
    }

    async fn p23_the_test_of_time_can_fail(engine: Engine) {
        assert!(time_tells(engine, Some(Fault::QuickStranger)).await, "the planted fault was not seen");
    }
}
