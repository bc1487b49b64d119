//! From a stranger to a person.

use std::time::Duration;

use serde_json::json;
use testkit::{Answer, TestApp};

use super::letters::{letter, letters, open_house, settled, token as opened};
use super::{ME, PASSWORD, start, token};

const REGISTER: &str = "/api/v1/auth/register";
const VERIFY: &str = "/api/v1/auth/verify-email";
const AGAIN: &str = "/api/v1/auth/resend-verification";
const ADA: &str = "ada@example.test";

async fn register(app: &TestApp, email: &str) -> Answer {
    app.anonymous().post(REGISTER, json!({"email": email})).await
}

async fn verify(app: &TestApp, link: &str, password: &str) -> Answer {
    app.anonymous().post(VERIFY, json!({"token": link, "password": password})).await
}

testkit::on_both! {
    async fn a_stranger_registers_and_signs_in(engine: Engine) {
        let app = open_house(engine).await;
        let _ = register(&app, ADA).await.expect(202);
        let mail = letter(&app, ADA, "Your account at house.test", 1).await;
        assert!(mail.text.contains("https://house.test/verify-email#"), "{}", mail.text);
        token(&app.anonymous(), ADA, PASSWORD).await.refused(401, "invalid_credentials");
        let body = json!({"token": opened(&mail), "password": PASSWORD, "name": "Ada L."});
        let made = app.anonymous().post(VERIFY, body.clone()).await.expect(201);
        let access = token(&app.anonymous(), ADA, PASSWORD).await.expect(200).text("access_token");
        let me = app.anonymous().bearer(&access).get(ME).await.expect(200);
        assert_eq!((me.text("id"), me.text("name")), (made.text("person_id"), "Ada L.".to_owned()));
        app.anonymous().post(VERIFY, body).await.refused(403, "link_invalid");
    }

    async fn strangers_register_only_where_the_setting_says_so(engine: Engine) {
        let closed = TestApp::with(engine, vec![identity::system()], "[identity]\nregistration = \"closed\"\n").await;
        for app in [&start(engine).await, &closed] {
            register(app, ADA).await.refused(403, "registration_closed");
            app.anonymous().post(AGAIN, json!({"email": ADA})).await.refused(403, "registration_closed");
            verify(app, &"x".repeat(43), PASSWORD).await.refused(403, "registration_closed");
        }
    }

    async fn cve_2024_38351_nobody_prepares_an_account_for_an_address_of_others(engine: Engine) {
        // PocketBase (CVE-2024-38351, CVE-2026-44166) let a stranger set the password of an account that its owner
        // verified later. Here a registration is no account and has no password.
        let app = open_house(engine).await;
        let admin = app.administrator().await;
        register(&app, ADA).await.expect(202);
        let first = opened(&letter(&app, ADA, "Your account", 1).await);
        let all = admin.get(format!("/api/v1/people?email={ADA}")).await.expect(200).json();
        assert_eq!(all["total"], 0, "{all}");
        app.anonymous().post(REGISTER, json!({"email": ADA, "password": PASSWORD})).await.refused(422, "invalid");
        register(&app, ADA).await.expect(202);
        let second = opened(&letter(&app, ADA, "Your account", 2).await);
        verify(&app, &first, "a password of the stranger").await.refused(403, "link_invalid");
        let _ = verify(&app, &second, "a password of the owner").await.expect(201);
        token(&app.anonymous(), ADA, "a password of the stranger").await.refused(401, "invalid_credentials");
        let _ = token(&app.anonymous(), ADA, "a password of the owner").await.expect(200);
    }

    async fn a18_an_address_that_has_an_account_is_answered_alike(engine: Engine) {
        let app = open_house(engine).await;
        let (owner, out) = (app.owner("Main").await, app.suspended("Main").await);
        let mut told = Vec::new();
        for path in [REGISTER, AGAIN, "/api/v1/auth/reset-password-request"] {
            for email in [owner.email.as_str(), out.email.as_str(), "nobody@example.test", " OWNER0@Example.TEST "] {
                let answer = app.anonymous().post(path, json!({"email": email})).await.expect(202);
                assert_eq!(answer.header("cache-control"), Some("no-store"));
                told.push((answer.body.clone(), answer.headers.len()));
            }
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
        let mail = letter(&app, &owner.email, "You have an account", 1).await;
        assert!(!mail.text.contains('#') && !mail.html.contains("href"), "it opens nothing: {}", mail.text);
        settled(&app).await;
        assert!(letters(&app, &out.email, "password").is_empty(), "who is kept out gets no link");
    }

    async fn a_registration_is_mailed_again_and_only_the_newest_link_works(engine: Engine) {
        let app = open_house(engine).await;
        let again = async |email: &str| app.anonymous().post(AGAIN, json!({"email": email})).await.expect(202);
        let _ = again(ADA).await;
        settled(&app).await;
        assert!(letters(&app, ADA, "").is_empty(), "who never asked gets nothing");
        register(&app, ADA).await.expect(202);
        let first = opened(&letter(&app, ADA, "Your account", 1).await);
        let _ = again("ADA@example.test").await;
        let second = opened(&letter(&app, "ADA@example.test", "Your account", 1).await);
        verify(&app, &first, PASSWORD).await.refused(403, "link_invalid");
        let _ = verify(&app, &second, PASSWORD).await.expect(201);
    }

    async fn an_address_is_sent_three_mails_in_a_quarter_of_an_hour_and_the_last_link_works(engine: Engine) {
        let app = open_house(engine).await;
        for _ in 0..6 {
            register(&app, ADA).await.expect(202);
            settled(&app).await;
        }
        assert_eq!(letters(&app, ADA, "Your account").len(), 3);
        let last = opened(&letter(&app, ADA, "Your account", 3).await);
        app.clock().advance(Duration::from_mins(15));
        register(&app, ADA).await.expect(202);
        let fourth = opened(&letter(&app, ADA, "Your account", 4).await);
        verify(&app, &last, PASSWORD).await.refused(403, "link_invalid");
        let _ = verify(&app, &fourth, PASSWORD).await.expect(201);
    }

    async fn mails_that_a_stranger_asks_for_keep_nobody_from_a_new_password(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        for _ in 0..4 {
            register(&app, &owner.email).await.expect(202);
            settled(&app).await;
        }
        assert_eq!(letters(&app, &owner.email, "You have an account").len(), 3);
        let _ = app.anonymous().post("/api/v1/auth/reset-password-request", json!({"email": owner.email})).await.expect(202);
        letter(&app, &owner.email, "A new password", 1).await;
    }

    async fn a21_sixty_four_openings_of_a_link_make_one_person(engine: Engine) {
        let app = open_house(engine).await;
        register(&app, ADA).await.expect(202);
        let link = opened(&letter(&app, ADA, "Your account", 1).await);
        let copies = (0..64).map(|_| {
            let (client, body) = (app.anonymous(), json!({"token": link, "password": PASSWORD}));
            tokio::spawn(async move { client.post(VERIFY, body).await.status.as_u16() })
        });
        let mut made = 0;
        for answer in copies.collect::<Vec<_>>() {
            match answer.await.expect("an answer") {
                201 => made += 1,
                403 | 409 | 503 => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(made, 1);
    }

    async fn a21_ghsa_3529_5m8x_rpv3_a_link_leads_to_the_public_address_whatever_the_request_says(engine: Engine) {
        // Supabase GHSA-3529-5m8x-rpv3: X-Forwarded-Host went into the links of mails.
        let app = open_house(engine).await;
        let evil = app.anonymous().with("host", "evil.test").with("x-forwarded-host", "evil.test").with("forwarded", "host=evil.test");
        for (path, number) in [(REGISTER, 1), ("/api/v1/auth/reset-password-request", 1)] {
            let email = if path == REGISTER { ADA.to_owned() } else { app.owner("Main").await.email };
            let evil = evil.clone().with("origin", "https://evil.test").with("x-forwarded-proto", "http");
            let _ = evil.post(path, json!({"email": email})).await;
            let _ = app.anonymous().with("host", "evil.test").post(path, json!({"email": email})).await.expect(202);
            let mail = letter(&app, &email, "house.test", number).await;
            let all = format!("{} {} {}", mail.headers, mail.text, mail.html);
            assert!(all.contains("https://house.test/") && !all.contains("evil"), "{all}");
        }
    }

    async fn addresses_and_names_stay_on_their_line(engine: Engine) {
        let app = open_house(engine).await;
        for email in [
            "ada@example.test\r\nBcc: eve@evil.test", "ada@example.test\n", "ada@example.test,eve@evil.test", "<ada@example.test>",
            "ada@example.test> RCPT TO:<eve@evil.test", "\u{e4}da@example.test", "ada@b\u{fc}cher.test", "ada", "",
        ] {
            let answer = register(&app, email).await;
            // Blanks around it are not part of an address.
            let trimmed = email.trim() == ADA;
            assert_eq!(answer.status.as_u16(), if trimmed { 202 } else { 422 }, "{email:?}");
        }
        let link = opened(&letter(&app, ADA, "Your account", 1).await);
        for name in ["Ada\r\nBcc: eve@evil.test", "Ada\u{2028}L", " ", &"a".repeat(121)] {
            let body = json!({"token": link, "password": PASSWORD, "name": name});
            app.anonymous().post(VERIFY, body).await.refused(422, "invalid");
        }
        let _ = verify(&app, &link, PASSWORD).await.expect(201);
    }

    async fn a_clock_that_is_set_makes_no_old_link_young(engine: Engine) {
        let app = open_house(engine).await;
        register(&app, ADA).await.expect(202);
        let link = opened(&letter(&app, ADA, "Your account", 1).await);
        let now = app.clock().now();
        app.clock().set(now.plus(Duration::from_hours(31 * 24)));
        verify(&app, &link, PASSWORD).await.refused(403, "link_invalid");
        app.clock().set(now.minus(Duration::from_hours(2)));
        verify(&app, &link, PASSWORD).await.refused(403, "link_invalid");
        app.clock().set(now.minus(Duration::from_mins(4)));
        let _ = verify(&app, &link, PASSWORD).await.expect(201);
        app.clock().set(now.minus(Duration::from_hours(2)));
        verify(&app, &link, PASSWORD).await.refused(403, "link_invalid");
    }
}
