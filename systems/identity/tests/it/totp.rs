//! Codes by the clock and recovery codes, at the door.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::TestApp;
use types::Time;
use web::Fault;

use super::factors::{AUTH, Authenticator, answer, owner_with_totp, sign_in, winners, with_totp};
use super::{ME, SESSIONS, TOKEN, events, start, token};

const REFUSED: &[&str] = &["second_factor_invalid", "too_many_codes", "challenge_invalid"];

testkit::on_both! {
    async fn a_code_is_asked_for_once_it_was_confirmed(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let enrolled = owner.post(format!("{AUTH}/totp/enroll"), Value::Null).await.expect(200);
        assert_eq!(enrolled.header("cache-control"), Some("no-store"));
        assert!(enrolled.text("uri").starts_with("otpauth://totp/mainstay:owner"), "{}", enrolled.text("uri"));
        assert!(enrolled.text("uri").contains(&enrolled.text("secret")));
        assert!(enrolled.text("qr").starts_with("data:image/svg+xml;base64,"));
        let _ = sign_in(&app, &owner.email, &[]).await.expect(200);
        let phone = Authenticator::typed(&enrolled.text("secret"));
        let confirm = |code: String| owner.post(format!("{AUTH}/totp/confirm"), json!({"code": code}));
        confirm(phone.wrong(app.clock().now())).await.refused(422, "invalid");
        let codes = confirm(phone.code(app.clock().now())).await.expect(200).json()["recovery_codes"].clone();
        assert_eq!(codes.as_array().map(Vec::len), Some(10));
        confirm(phone.code(app.clock().now())).await.refused(409, "totp_not_begun");
        owner.post(format!("{AUTH}/totp/enroll"), Value::Null).await.refused(409, "totp_on");
        let wanted = sign_in(&app, &owner.email, &[]).await;
        assert_eq!(wanted.json()["methods"], json!(["totp", "recovery_code"]));
        assert_eq!(wanted.json()["expires_in"], 300);
        assert!(wanted.json()["passkey"].is_null());
        wanted.refused(401, "second_factor_required");
        let told = owner.get(format!("{AUTH}/second-factors")).await.expect(200).json();
        assert_eq!((&told["required"], &told["recovery_codes"]), (&json!(true), &json!(10)));
        assert_eq!(events(&app, &owner.id).await.iter().filter(|kind| *kind == "person.second_factor_added").count(), 1);
    }

    async fn the_code_may_come_with_the_password_or_after_it(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        let code = phone.code(app.clock().now());
        let pair = sign_in(&app, &owner.email, &[("totp", &format!("{} {}", &code[..3], &code[3..]))]).await.expect(200);
        let client = app.anonymous().bearer(&pair.text("access_token"));
        let page = client.get(SESSIONS).await.expect(200).json();
        let own = page["items"].as_array().into_iter().flatten().find(|one| one["is_current"] == true).cloned().expect("it is there");
        assert_eq!(own["methods"], json!(["password", "totp"]));
        assert!(own["second_factor_at"].is_string() && own["proven_at"] == own["created_at"], "{own}");
        app.clock().advance(Duration::from_secs(30));
        let challenge = sign_in(&app, &owner.email, &[]).await.expect(401).text("challenge");
        let pair = answer(&app, &challenge, "totp", &phone.code(app.clock().now())).await.expect(200);
        let _ = app.anonymous().bearer(&pair.text("access_token")).get(ME).await.expect(200);
    }

    async fn a_challenge_works_once_in_time_and_for_its_person(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        let other = app.owner("Other").await;
        let (other_phone, _) = with_totp(&app, &other).await;
        let challenge = sign_in(&app, &owner.email, &[]).await.expect(401).text("challenge");
        answer(&app, &challenge, "totp", &other_phone.code(app.clock().now())).await.refused(401, "second_factor_invalid");
        let _ = answer(&app, &challenge, "totp", &phone.code(app.clock().now())).await.expect(200);
        app.clock().advance(Duration::from_secs(30));
        answer(&app, &challenge, "totp", &phone.code(app.clock().now())).await.refused(401, "challenge_invalid");
        let late = sign_in(&app, &owner.email, &[]).await.expect(401).text("challenge");
        app.clock().advance(Duration::from_mins(5));
        answer(&app, &late, "totp", &phone.code(app.clock().now())).await.refused(401, "challenge_invalid");
        answer(&app, "made up", "totp", "123456").await.refused(401, "challenge_invalid");
        answer(&app, &late, "username", &owner.email).await.refused(422, "invalid");
        let form = [("grant_type", "second_factor"), ("totp", "123456")];
        app.anonymous().ask(http::Method::POST, TOKEN).form(&form).send().await.refused(422, "invalid");
    }

    async fn p7_parse_cve_2026_33624_a_code_gets_one_of_sixty_four_in(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        assert_eq!(at_once(&app, &owner.email, &phone.code(app.clock().now())).await, 1);
    }

    async fn p7_the_test_of_codes_can_fail(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        app.faults.plant(Fault::ForgetCodes);
        assert!(at_once(&app, &owner.email, &phone.code(app.clock().now())).await > 1, "the planted fault was not seen");
    }

    async fn p7_parse_cve_2026_34224_a_recovery_code_gets_one_of_sixty_four_in(engine: Engine) {
        let app = start(engine).await;
        let (owner, _, codes) = owner_with_totp(&app).await;
        assert_eq!(at_once(&app, &owner.email, &codes[0]).await, 1);
        let _ = sign_in(&app, &owner.email, &[("totp", &codes[1].to_uppercase())]).await.expect(200);
        let told = owner.get(format!("{AUTH}/second-factors")).await.expect(200).json();
        assert_eq!(told["recovery_codes"], 8);
    }

    async fn p7_a_challenge_gets_one_of_sixty_four_in(engine: Engine) {
        let app = start(engine).await;
        let (owner, _, codes) = owner_with_totp(&app).await;
        let challenge = sign_in(&app, &owner.email, &[]).await.expect(401).text("challenge");
        // Every copy brings a code of its own that is good, ten of them; the challenge is what there is one of.
        let answers = (0..64).map(|n| answer(&app, &challenge, "totp", &codes[n % codes.len()]));
        assert_eq!(winners(&join_all(answers).await, REFUSED), 1);
    }

    async fn parse_cve_2026_31875_a_code_is_consumed_and_so_is_every_older_one(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        let before = phone.code(app.clock().now());
        app.clock().advance(Duration::from_secs(30));
        let now = phone.code(app.clock().now());
        let _ = sign_in(&app, &owner.email, &[("totp", &now)]).await.expect(200);
        for used in [&now, &before] {
            sign_in(&app, &owner.email, &[("totp", used)]).await.refused(401, "second_factor_invalid");
        }
        let next = phone.code(app.clock().now().plus(Duration::from_secs(30)));
        let _ = sign_in(&app, &owner.email, &[("totp", &next)]).await.expect(200);
    }

    async fn a_clock_that_is_set_back_makes_no_code_good_again(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, codes) = owner_with_totp(&app).await;
        let started = app.clock().now();
        for ahead in [Duration::from_hours(2), Duration::from_hours(31 * 24)] {
            app.clock().advance(ahead);
            let at = app.clock().now();
            let code = phone.code(at);
            let _ = sign_in(&app, &owner.email, &[("totp", &code)]).await.expect(200);
            app.clock().set(started);
            // Codes of the time before were used up by the later one; paper and patience still work.
            for code in [code, phone.code(started)] {
                sign_in(&app, &owner.email, &[("totp", &code)]).await.refused(401, "second_factor_invalid");
            }
            app.clock().set(at);
        }
        app.clock().set(started);
        let _ = sign_in(&app, &owner.email, &[("totp", &codes[0])]).await.expect(200);
    }

    async fn a19_ten_wrong_codes_stop_guessing_and_nobody_without_the_password_can_use_them_up(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, codes) = owner_with_totp(&app).await;
        for _ in 0..20 {
            let form = [("username", owner.email.as_str()), ("password", "not the password"), ("totp", "000000")];
            app.anonymous().ask(http::Method::POST, TOKEN).form(&form).send().await.refused(401, "invalid_credentials");
        }
        for _ in 0..10 {
            let wrong = phone.wrong(app.clock().now());
            sign_in(&app, &owner.email, &[("totp", &wrong)]).await.refused(401, "second_factor_invalid");
        }
        let right = phone.code(app.clock().now());
        let stopped = sign_in(&app, &owner.email, &[("totp", &right)]).await;
        assert!(stopped.header("retry-after").is_some());
        stopped.refused(429, "too_many_codes");
        // What can not be guessed still works, and ends the count.
        let _ = sign_in(&app, &owner.email, &[("totp", &codes[0])]).await.expect(200);
        let _ = sign_in(&app, &owner.email, &[("totp", &right)]).await.expect(200);
    }

    async fn a18_a_second_factor_shows_only_after_the_right_password(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        let plain = app.owner("Main").await;
        let told = |answer: testkit::Answer| {
            let mut body = answer.json();
            body["request_id"] = Value::Null;
            (answer.status, body.to_string(), answer.header("www-authenticate").map(str::to_owned))
        };
        let code = phone.code(app.clock().now());
        let mut seen = Vec::new();
        for email in [&owner.email, &plain.email, "nobody@example.test"] {
            seen.push(told(token(&app.anonymous(), email, "not the password").await));
            let form = [("username", email), ("password", "not the password"), ("totp", code.as_str())];
            seen.push(told(app.anonymous().ask(http::Method::POST, TOKEN).form(&form).send().await));
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
        // The code was not used up by somebody who did not know the password.
        let _ = sign_in(&app, &owner.email, &[("totp", &code)]).await.expect(200);
        let _ = sign_in(&app, &plain.email, &[("totp", "000000")]).await.expect(200);
    }

    async fn a_suspended_person_can_not_go_on(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        let challenge = sign_in(&app, &owner.email, &[]).await.expect(401).text("challenge");
        identity::admin::set_status(app.db(), &owner.email, identity::Status::Deactivated).await.expect("a suspension");
        answer(&app, &challenge, "totp", &phone.code(app.clock().now())).await.refused(401, "challenge_invalid");
        sign_in(&app, &owner.email, &[]).await.refused(401, "invalid_credentials");
    }

    async fn recovery_codes_are_renewed_and_go_with_the_last_factor(engine: Engine) {
        let app = start(engine).await;
        let (owner, _, old) = owner_with_totp(&app).await;
        let renewed = owner.post(format!("{AUTH}/totp/recovery-codes"), Value::Null).await.expect(200).json();
        let new = renewed["recovery_codes"][0].as_str().expect("a code").to_owned();
        sign_in(&app, &owner.email, &[("totp", &old[0])]).await.refused(401, "second_factor_invalid");
        let _ = sign_in(&app, &owner.email, &[("totp", &new)]).await.expect(200);
        let _ = owner.post(format!("{AUTH}/totp/disable"), Value::Null).await.expect(200);
        owner.post(format!("{AUTH}/totp/disable"), Value::Null).await.refused(409, "totp_off");
        owner.post(format!("{AUTH}/totp/recovery-codes"), Value::Null).await.refused(409, "no_second_factor");
        let _ = sign_in(&app, &owner.email, &[]).await.expect(200);
        let told = owner.get(format!("{AUTH}/second-factors")).await.expect(200).json();
        assert_eq!((&told["required"], &told["recovery_codes"]), (&json!(false), &json!(0)));
    }

    async fn an_operator_takes_lost_factors_off(engine: Engine) {
        let app = start(engine).await;
        let (owner, _, codes) = owner_with_totp(&app).await;
        let operator = app.administrator().await;
        let path = format!("/api/v1/people/{}/second-factors", owner.id);
        owner.delete(&path).await.refused(403, "permission_needed");
        let _ = operator.delete(&path).await.expect(204);
        owner.get(ME).await.refused(401, "token_invalid");
        let _ = sign_in(&app, &owner.email, &[]).await.expect(200);
        let _ = sign_in(&app, &owner.email, &[("totp", &codes[0])]).await.expect(200);
        assert!(events(&app, &owner.id).await.contains(&"person.second_factors_reset".to_owned()));
        let reset = identity::admin::otp_off(app.db(), &owner.email).await.expect("a person");
        assert!(!reset.had_any);
    }

    async fn nothing_of_a_second_factor_is_in_the_clear(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let enrolled = owner.post(format!("{AUTH}/totp/enroll"), Value::Null).await.expect(200);
        let secret = data_encoding::BASE32_NOPAD.decode(enrolled.text("secret").as_bytes()).expect("base32");
        let read = app.db().read((), |rx, ()| {
            Box::pin(async move {
                let mut row = rx.row("SELECT secret FROM totp_factors", &[]).await?.expect("a row");
                Ok(row.take::<Vec<u8>>("secret")?)
            })
        });
        let kept = read.await.expect("the row");
        assert!(kept.len() > secret.len() && !kept.windows(secret.len()).any(|part| part == secret));
    }
}

/// How many of 64 sign-ins with the same code got in.
async fn at_once(app: &TestApp, email: &str, code: &str) -> usize {
    let fields = [("totp", code)];
    let ask = (0..64).map(|_| sign_in(app, email, &fields));
    winners(&join_all(ask).await, REFUSED)
}

/// `pyotp` is another's reading of RFC 6238: it shows codes that we take, out of the address that we give. Where the workshop
/// has not installed it, the test says so.
#[tokio::test]
async fn pyotp_agrees() {
    let app = start(testkit::Engine::Sqlite).await;
    let owner = app.owner("Main").await;
    let enrolled = owner.post(format!("{AUTH}/totp/enroll"), Value::Null).await.expect(200);
    let script = "import pyotp, sys\ntotp = pyotp.parse_uri(sys.argv[1])\n\
                  print('\\n'.join(totp.at(int(at)) for at in sys.argv[2:]), totp.issuer, totp.name, sep='\\n')";
    let now = app.clock().now().plus(Duration::from_secs(30));
    let ask = std::process::Command::new(peers::python())
        .args([
            "-c",
            script,
            &enrolled.text("uri"),
            &now.minus(Duration::from_secs(30)).as_seconds().to_string(),
        ])
        .arg(now.as_seconds().to_string())
        .output();
    let told = match ask {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).expect("text"),
        other => return testkit::tell(&format!("skipped: pyotp is not installed ({other:?})")),
    };
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[2..], ["mainstay", owner.email.as_str()]);
    let _ = owner.post(format!("{AUTH}/totp/confirm"), json!({"code": lines[0]})).await.expect(200);
    app.clock().advance(Duration::from_secs(30));
    let _ = sign_in(&app, &owner.email, &[("totp", lines[1])]).await.expect(200);
    assert_eq!(
        Authenticator::typed(&enrolled.text("secret")).code(Time::from_millis(now.as_millis())),
        lines[1]
    );
}
