//! Passwords: forgotten, changed, too easy, and under load.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;
use testkit::{Answer, Engine, TestApp};
use web::Fault;

use super::factors::{answer, sign_in, with_totp};
use super::letters::{letter, open_house, settled, token as opened};
use super::timing::Verdict;
use super::{KEYS, ME, PASSWORD, pair, refresh, start, token};

const REQUEST: &str = "/api/v1/auth/reset-password-request";
const CONFIRM: &str = "/api/v1/auth/reset-password-confirm";
const CHANGE: &str = "/api/v1/auth/change-password";
const NEW: &str = "another horse altogether";

/// A link to set a new password, out of the mail.
async fn link(app: &TestApp, email: &str, number: usize) -> String {
    let _ = app.anonymous().post(REQUEST, json!({"email": email})).await.expect(202);
    opened(&letter(app, email, "A new password", number).await)
}

async fn confirm(app: &TestApp, link: &str, password: &str) -> Answer {
    app.anonymous().post(CONFIRM, json!({"token": link, "password": password})).await
}

testkit::on_both! {
    async fn p17_a_new_password_ends_every_session_and_every_older_link(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let (access, refresh_token) = pair(&app, &owner.email).await;
        let first = link(&app, &owner.email, 1).await;
        let second = link(&app, &owner.email, 2).await;
        confirm(&app, &first, NEW).await.refused(403, "link_invalid");
        let _ = confirm(&app, &second, NEW).await.expect(200);
        confirm(&app, &second, PASSWORD).await.refused(403, "link_invalid");
        app.anonymous().bearer(&access).get(ME).await.refused(401, "token_invalid");
        owner.get(ME).await.refused(401, "token_invalid");
        refresh(&app, &refresh_token).await.refused(401, "invalid_refresh_token");
        token(&app.anonymous(), &owner.email, PASSWORD).await.refused(401, "invalid_credentials");
        let _ = token(&app.anonymous(), &owner.email, NEW).await.expect(200);
        let told = letter(&app, &owner.email, "was changed", 1).await;
        assert!(!told.text.contains('#'), "{}", told.text);
    }

    async fn a21_sixty_four_resets_with_one_link_have_one_winner(engine: Engine) {
        let app = open_house(engine).await;
        assert_eq!(resets_at_once(&app).await, 1);
    }

    async fn p7_the_test_of_links_can_fail(engine: Engine) {
        let app = open_house(engine).await;
        app.faults.plant(Fault::LookedAtLinks);
        assert!(resets_at_once(&app).await > 1, "the planted fault was not seen");
    }

    async fn a_mail_goes_to_the_address_of_the_account_and_never_to_the_one_that_was_typed(engine: Engine) {
        // U+212A in lower case is k, so this is the same address to us, and another mailbox elsewhere.
        let app = open_house(engine).await;
        let stored = "kate@example.test";
        identity::admin::add(app.db(), identity::Cost { memory_kib: 64, passes: 1, lanes: 1 }, stored, PASSWORD, "Main", identity::Role::Owner)
            .await.expect("a person");
        for typed in ["\u{212a}ate@example.test", " KATE@EXAMPLE.TEST"] {
            let _ = app.anonymous().post(REQUEST, json!({"email": typed})).await.expect(202);
            settled(&app).await;
        }
        let shown = app.app.mailer().shown();
        assert_eq!(shown.len(), 2);
        assert!(shown.iter().all(|mail| mail.to == stored), "{shown:?}");
    }

    async fn a_link_is_good_for_an_hour_and_a_changed_password_ends_it(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let late = link(&app, &owner.email, 1).await;
        app.clock().advance(Duration::from_hours(1));
        confirm(&app, &late, NEW).await.refused(403, "link_invalid");
        let owner = app.sign_in(owner.email).await;
        let before = link(&app, &owner.email, 2).await;
        let _ = owner.post(CHANGE, json!({"current_password": PASSWORD, "new_password": NEW})).await.expect(200);
        confirm(&app, &before, PASSWORD).await.refused(403, "link_invalid");
    }

    async fn p17_half_a_sign_in_with_the_old_password_is_worth_nothing(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let (phone, codes) = with_totp(&app, &owner).await;
        let challenge = sign_in(&app, &owner.email, &[]).await.expect(401).text("challenge");
        let link = link(&app, &owner.email, 1).await;
        let _ = confirm(&app, &link, NEW).await.expect(200);
        for code in [&phone.code(app.clock().now()), &codes[0]] {
            answer(&app, &challenge, "totp", code).await.refused(401, "challenge_invalid");
        }
    }

    async fn p17_a_changed_password_ends_the_other_sessions(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (access, _) = pair(&app, &owner.email).await;
        let ask = |current: &str, new: &str| owner.post(CHANGE, json!({"current_password": current, "new_password": new}));
        ask("not the password", NEW).await.refused(403, "wrong_password");
        ask(PASSWORD, "short").await.refused(422, "invalid");
        let key = app.key(&owner, &["workspace:read"]).await;
        key.post(CHANGE, json!({"current_password": PASSWORD, "new_password": NEW})).await.refused(403, "person_needed");
        let _ = ask(PASSWORD, NEW).await.expect(200);
        let _ = owner.get(ME).await.expect(200);
        app.anonymous().bearer(&access).get(ME).await.refused(401, "token_invalid");
        token(&app.anonymous(), &owner.email, PASSWORD).await.refused(401, "invalid_credentials");
        let _ = token(&app.anonymous(), &owner.email, NEW).await.expect(200);
        let _ = owner.get(KEYS).await.expect(200);
    }

    async fn easy_passwords_are_refused_wherever_one_is_chosen(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let reset = link(&app, &owner.email, 1).await;
        let own = format!("{}!!", owner.email);
        for easy in ["password1234", "P4ssw0rd2026", "qwertyuiopas", "letmein letmein", own.as_str(), "mainstay 2026", &"ab".repeat(40)] {
            let refusal = confirm(&app, &reset, easy).await.expect(422).json();
            assert_eq!(refusal["errors"][0]["code"], "too_easy", "{easy}");
            let body = json!({"current_password": PASSWORD, "new_password": easy});
            owner.post(CHANGE, body).await.refused(422, "invalid");
        }
        let _ = confirm(&app, &reset, NEW).await.expect(200);
    }

    async fn a_password_of_a_megabyte_is_refused_before_it_is_hashed(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let reset = link(&app, &owner.email, 1).await;
        for (length, status) in [(1 << 20, 413), (900_000, 422), (129, 422)] {
            let long = "xy7z".repeat(length / 4 + 1);
            assert_eq!(confirm(&app, &reset, &long).await.status.as_u16(), status, "{length}");
        }
        let long = "xy7z".repeat(200_000);
        token(&app.anonymous(), &owner.email, &long).await.refused(401, "invalid_credentials");
        let _ = confirm(&app, &reset, NEW).await.expect(200);
    }

    async fn a_cheap_hash_becomes_a_dear_one_at_the_next_sign_in(engine: Engine) {
        let app = start(engine).await;
        let cheap = identity::Cost { memory_kib: 32, passes: 1, lanes: 1 };
        let email = "old@example.test";
        identity::admin::add(app.db(), cheap, email, PASSWORD, "Main", identity::Role::Owner).await.expect("a person");
        let hash = async || {
            let read = app.db().read((), |rx, ()| Box::pin(async move {
                let row = rx.row("SELECT password_hash FROM people WHERE email_key = 'old@example.test'", db::params![]).await?;
                Ok(row.expect("a person").take::<String>(0)?)
            }));
            read.await.expect("a hash")
        };
        token(&app.anonymous(), email, "not the password").await.refused(401, "invalid_credentials");
        assert!(hash().await.contains("m=32,"));
        let _ = token(&app.anonymous(), email, PASSWORD).await.expect(200);
        let dear = hash().await;
        assert!(dear.contains("m=64,"), "{dear}");
        let _ = token(&app.anonymous(), email, PASSWORD).await.expect(200);
        assert_eq!(hash().await, dear, "it is renewed once");
    }

    async fn a_crowd_that_signs_in_leaves_the_server_answering(engine: Engine) {
        // Hashes of the real cost, more of them than may wait.
        let settings = "[limits]\nsign_in = 1000000\n[identity]\npassword_queue = 8\n";
        let app = TestApp::with(engine, vec![identity::system()], settings).await;
        let owner = app.owner("Main").await;
        let crowd: Vec<_> = (0..200).map(|n| {
            let client = app.anonymous();
            tokio::spawn(async move {
                let form = [("username".to_owned(), format!("nobody{n}@example.test")), ("password".to_owned(), "not the password".to_owned())];
                let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                client.ask(Method::POST, crate::TOKEN).form(&form).send().await
            })
        }).collect();
        let mut slowest = Duration::ZERO;
        for _ in 0..50 {
            let began = Instant::now();
            let _ = owner.get(ME).await.expect(200);
            slowest = slowest.max(began.elapsed());
        }
        assert!(slowest < Duration::from_secs(2), "a read took {slowest:?} beside the crowd");
        let mut turned_away = 0;
        for answer in crowd {
            let answer = answer.await.expect("an answer");
            if answer.status == 503 {
                turned_away += 1;
                assert_eq!((answer.code().as_str(), answer.header("retry-after")), ("busy", Some("1")));
            } else {
                answer.refused(401, "invalid_credentials");
            }
        }
        assert!(turned_away > 0, "the queue has an end");
        let _ = token(&app.anonymous(), &owner.email, PASSWORD).await.expect(200);
    }
}

/// How many of 64 copies set the password.
async fn resets_at_once(app: &TestApp) -> usize {
    let owner = app.owner("Main").await;
    let link = link(app, &owner.email, 1).await;
    let copies = (0..64).map(|n| {
        let (client, body) =
            (app.anonymous(), json!({"token": link, "password": format!("{NEW} number {n}")}));
        tokio::spawn(async move { client.post(CONFIRM, body).await.status.as_u16() })
    });
    let mut won = 0;
    for answer in copies.collect::<Vec<_>>() {
        match answer.await.expect("an answer") {
            200 => won += 1,
            403 | 503 => {}
            other => panic!("{other}"),
        }
    }
    won
}

const QUIET: &str = "[limits]\nsign_in = 1000000\n[identity]\nregistration = \"open\"\npassword_memory_kib = 64\npassword_passes = 1\n";

/// Whether any way to ask for a mail takes another time for an address that somebody has.
async fn time_tells(engine: Engine, fault: Option<Fault>) -> bool {
    let app = TestApp::with(engine, vec![identity::system()], QUIET).await;
    if let Some(fault) = fault {
        app.faults.plant(fault);
    }
    let owner = app.owner("Main").await;
    for path in ["/api/v1/auth/register", "/api/v1/auth/resend-verification", REQUEST] {
        let ask = async |known: bool, _: usize| {
            let email = if known { owner.email.as_str() } else { "nobody0@example.test" };
            let _ = app.anonymous().post(path, json!({"email": email})).await.expect(202);
        };
        if Verdict::short(0.25).tells(&format!("{path} {engine:?}"), ask).await {
            return true;
        }
    }
    false
}

testkit::on_both! {
    async fn p23_cve_2026_26185_asking_for_a_mail_takes_as_long_for_every_address(engine: Engine) {
        assert!(!time_tells(engine, None).await);
    }

    async fn p23_the_test_of_mails_can_fail(engine: Engine) {
        assert!(time_tells(engine, Some(Fault::TellingLetters)).await, "the planted fault was not seen");
    }
}
