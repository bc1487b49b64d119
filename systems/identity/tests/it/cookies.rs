//! Sessions of browsers.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Ask, Client, TestApp};
use web::Fault;

use super::factors::{AUTH, Authenticator};
use super::{ME, PASSWORD, SESSIONS, item, pair, start};

const SESSION: &str = "/api/v1/auth/session";
const RENEW: &str = "/api/v1/auth/session/renew";
const LOGOUT: &str = "/api/v1/auth/logout";
const HERE: &str = "http://localhost:8080";
const ALMOST_SIX_DAYS: Duration = Duration::from_secs(6 * 24 * 3600 - 1);

/// A page of ours, in a browser on the machine itself.
fn page(app: &TestApp) -> Client {
    app.anonymous().with("host", "localhost:8080").with("origin", HERE)
}

async fn sign_in(page: &Client, email: &str) -> Answer {
    page.post(SESSION, json!({"email": email, "password": PASSWORD})).await
}

/// The `name=value` of a `Set-Cookie`.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie").to_owned()
}

/// A page that is signed in: sends its cookie, and its token with it.
struct Browser {
    client: Client,
    cookie: String,
    token: String,
}

impl Browser {
    async fn of(app: &TestApp, email: &str) -> Self {
        Self::after(page(app), &sign_in(&page(app), email).await.expect(200))
    }

    fn after(page: Client, answer: &Answer) -> Self {
        let (cookie, token) = (cookie(answer), answer.text("csrf_token"));
        assert_eq!(answer.header("x-csrf-token"), Some(token.as_str()));
        Self { client: page.with("cookie", &cookie).with("x-csrf-token", &token), cookie, token }
    }
}

testkit::on_both! {
    async fn a_second_factor_of_a_browser_gives_it_another_cookie(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let first = Browser::of(&app, &owner.email).await;
        let enrolled = first.client.post(format!("{AUTH}/totp/enroll"), Value::Null).await.expect(200);
        let phone = Authenticator::typed(&enrolled.text("secret"));
        let code = json!({"code": phone.code(app.clock().now())});
        let confirmed = first.client.post(format!("{AUTH}/totp/confirm"), code).await.expect(200);
        first.client.get(ME).await.refused(401, "session_ended");
        let token = confirmed.header("x-csrf-token").expect("a token").to_owned();
        let next = page(&app).with("cookie", &cookie(&confirmed)).with("x-csrf-token", &token);
        let _ = next.get(ME).await.expect(200);
        // At the door it is asked for, and proving it again gives another cookie once more.
        app.clock().advance(Duration::from_secs(30));
        let wanted = sign_in(&page(&app), &owner.email).await;
        let challenge = wanted.text("challenge");
        assert_eq!(wanted.header("set-cookie"), None);
        wanted.refused(401, "second_factor_required");
        let body = json!({"challenge": challenge, "totp": phone.code(app.clock().now())});
        let browser = Browser::after(page(&app), &page(&app).post(SESSION, body.clone()).await.expect(200));
        page(&app).post(SESSION, body).await.refused(401, "second_factor_invalid");
        page(&app).post(SESSION, json!({"challenge": challenge})).await.refused(422, "invalid");
        app.clock().advance(Duration::from_secs(30));
        let body = json!({"password": PASSWORD, "totp": phone.code(app.clock().now())});
        let proven = browser.client.post(format!("{AUTH}/step-up"), body).await.expect(200);
        browser.client.get(ME).await.refused(401, "session_ended");
        let _ = page(&app).with("cookie", &cookie(&proven)).get(ME).await.expect(200);
    }

    async fn check_26_a_browser_signs_in_and_out(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let answer = sign_in(&page(&app), &owner.email).await.expect(200);
        let line = answer.header("set-cookie").expect("a cookie");
        assert!(line.starts_with("mainstay-loopback=cs_") && line.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000"), "{line}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let browser = Browser::after(page(&app), &answer);
        let me = browser.client.get(ME).await.expect(200);
        assert_eq!(me.text("id"), owner.id);
        assert!(me.header("vary").is_some_and(|vary| vary.contains("cookie")));
        let own = browser.client.get(SESSION).await.expect(200);
        assert_eq!(own.json(), answer.json());
        let list = browser.client.get(SESSIONS).await.expect(200);
        let shown = String::from_utf8_lossy(&list.body).into_owned();
        assert!(!shown.contains(browser.cookie.rsplit_once('.').expect("two parts").1), "{shown}");
        let row = item(&list.json(), "id", &answer.text("id")).clone();
        assert_eq!((row["kind"].as_str(), row["is_current"].as_bool()), (Some("cookie"), Some(true)));
        let out = browser.client.post(LOGOUT, Value::Null).await.expect(200);
        assert_eq!(out.header("set-cookie"), Some("mainstay-loopback=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"));
        browser.client.get(ME).await.refused(401, "session_ended");
        let _ = owner.get(ME).await.expect(200);
    }

    async fn a_wrong_password_and_a_stranger_get_no_cookie(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for (email, password) in [(owner.email.as_str(), "not the right one"), ("nobody@example.test", PASSWORD)] {
            let answer = page(&app).post(SESSION, json!({"email": email, "password": password})).await;
            assert!(answer.header("set-cookie").is_none());
            answer.refused(401, "invalid_credentials");
        }
    }

    async fn two_kinds_of_credentials_are_refused(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let browser = Browser::of(&app, &owner.email).await;
        let bearer = owner.bearer_token();
        browser.client.clone().bearer(&bearer).get(ME).await.refused(400, "ambiguous_credentials");
        browser.client.clone().with("x-api-key", "p.s").get(ME).await.refused(400, "ambiguous_credentials");
        let twice = format!("{}; {}", browser.cookie, browser.cookie);
        browser.client.clone().with("cookie", &twice).get(ME).await.refused(400, "ambiguous_credentials");
        // The text is a cookie and nothing else.
        let text = browser.cookie.split_once('=').expect("a value").1;
        app.anonymous().bearer(text).get(ME).await.refused(401, "token_invalid");
        crate::refresh(&app, text).await.refused(401, "invalid_refresh_token");
        app.anonymous().with("cookie", &format!("mainstay-loopback={bearer}")).get(ME).await.refused(401, "session_ended");
    }

    async fn a16_a_cookie_that_was_there_before_is_replaced(engine: Engine) {
        let app = start(engine).await;
        let (victim, attacker) = (app.owner("Main").await, app.owner("Other").await);
        let planted = Browser::of(&app, &attacker.email).await;
        let answer = sign_in(&planted.client, &victim.email).await.expect(200);
        assert_ne!(cookie(&answer), planted.cookie);
        let browser = Browser::after(page(&app), &answer);
        assert_eq!(browser.client.get(ME).await.expect(200).text("id"), victim.id);
        planted.client.get(ME).await.refused(401, "session_ended");
        // One that nobody issued is not taken up either.
        let made_up = format!("mainstay-loopback=cs_{}.{}", "0".repeat(26), "A".repeat(43));
        let answer = sign_in(&page(&app).with("cookie", &made_up), &victim.email).await.expect(200);
        assert_ne!(cookie(&answer), made_up);
        app.anonymous().with("cookie", &made_up).get(ME).await.refused(401, "session_ended");
    }

    async fn a16_more_rights_come_with_another_cookie(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let before = Browser::of(&app, &owner.email).await;
        let answer = before.client.post(RENEW, Value::Null).await.expect(200);
        let after = Browser::after(page(&app), &answer);
        assert!(after.cookie != before.cookie && after.token != before.token);
        before.client.get(ME).await.refused(401, "session_ended");
        let _ = after.client.get(ME).await.expect(200);
        let _ = after.client.post(RENEW, Value::Null).await.expect(200);
        owner.post(RENEW, Value::Null).await.refused(403, "cookie_needed");
    }

    async fn a16_sixty_four_renewals_at_once_have_one_winner(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let browser = Browser::of(&app, &owner.email).await;
        let copies = (0..64).map(|_| {
            let client = browser.client.clone();
            tokio::spawn(async move { client.post(RENEW, Value::Null).await })
        });
        let mut won = Vec::new();
        for answer in copies.collect::<Vec<_>>() {
            let answer = answer.await.expect("an answer");
            match answer.status.as_u16() {
                200 => won.push(answer),
                _ => answer.refused(401, "session_ended"),
            }
        }
        assert_eq!(won.len(), 1);
        let _ = Browser::after(page(&app), &won[0]).client.get(ME).await.expect(200);
    }

    async fn a17_a_change_with_a_cookie_comes_from_our_own_page(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let found = forged(&app, &owner.email).await;
        assert!(found.is_empty(), "{found:?}");
    }

    async fn a17_the_test_of_forged_requests_can_fail(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        app.faults.plant(Fault::TrustedCookie);
        assert!(!forged(&app, &owner.email).await.is_empty(), "the planted fault was not seen");
    }

    async fn a17_signing_in_is_not_done_by_another_site(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let body = json!({"email": owner.email, "password": PASSWORD});
        for (origin, code) in [(None, "origin_missing"), (Some("http://evil.test"), "insecure_or_cross"), (Some("https://evil.test"), "cross_site"), (Some("null"), "cross_site")] {
            let mut page = app.anonymous().with("host", "localhost:8080");
            if let Some(origin) = origin { page = page.with("origin", origin); }
            let answer = page.post(SESSION, body.clone()).await.expect(403);
            assert!(answer.header("set-cookie").is_none());
            assert!(answer.code() == code || code == "insecure_or_cross", "{origin:?}: {}", answer.code());
        }
        let form = page(&app).ask(Method::POST, SESSION).raw("text/plain", body.to_string());
        form.send().await.refused(415, "unsupported_media_type");
    }

    async fn a_cookie_ends_when_idle_and_at_its_last_day(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (idle, used) = (Browser::of(&app, &owner.email).await, Browser::of(&app, &owner.email).await);
        for _ in 0..5 {
            app.clock().advance(ALMOST_SIX_DAYS);
            let _ = used.client.get(ME).await.expect(200);
        }
        idle.client.get(ME).await.refused(401, "session_ended");
        let _ = used.client.get(ME).await.expect(200);
        app.clock().advance(Duration::from_secs(5));
        used.client.get(ME).await.refused(401, "session_ended");
    }

    async fn check_26_a_browser_is_ended_from_another_one(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (one, other) = (Browser::of(&app, &owner.email).await, Browser::of(&app, &owner.email).await);
        let (access, _) = pair(&app, &owner.email).await;
        let answer = one.client.post(format!("{SESSIONS}/revoke-others"), Value::Null).await.expect(200);
        assert_eq!(answer.json(), json!({"revoked_count": 3}));
        other.client.get(ME).await.refused(401, "session_ended");
        app.anonymous().bearer(&access).get(ME).await.refused(401, "token_invalid");
        identity::admin::set_status(app.db(), &owner.email, identity::Status::Deactivated).await.expect("a suspension");
        app.clock().advance(Duration::from_secs(1));
        one.client.get(ME).await.refused(401, "session_ended");
    }
}

/// A change that another page asks for, as it would come: what was done although it must not be.
async fn forged(app: &TestApp, email: &str) -> Vec<String> {
    let browser = Browser::of(app, email).await;
    let other = Browser::of(app, email).await;
    let with = |name: &'static str, value: &str| browser.client.clone().with(name, value);
    let bare = app.anonymous().with("host", "localhost:8080").with("cookie", &browser.cookie);
    let tokenless = page(app).with("cookie", &browser.cookie);
    let ask = |client: &Client| client.ask(Method::PATCH, ME).json(&json!({"name": "Forged"}));
    let form = |client: &Client, media| client.ask(Method::POST, LOGOUT).raw(media, "a=b");
    let tries: Vec<(&str, Ask)> = vec![
        ("no origin", ask(&bare.clone().with("x-csrf-token", &browser.token))),
        ("no origin and no token", ask(&bare)),
        ("another origin", ask(&with("origin", "https://evil.test"))),
        ("no origin of anybody", ask(&with("origin", "null"))),
        ("another port", ask(&with("origin", "http://localhost:8081"))),
        ("said by the browser", ask(&with("sec-fetch-site", "cross-site"))),
        ("a neighbour", ask(&with("sec-fetch-site", "same-site"))),
        ("no token", ask(&tokenless)),
        ("an empty token", ask(&with("x-csrf-token", ""))),
        ("a made-up token", ask(&with("x-csrf-token", &"A".repeat(43)))),
        ("the token of another session", ask(&with("x-csrf-token", &other.token))),
        ("a form", form(&tokenless, "application/x-www-form-urlencoded")),
        ("a form as text", form(&tokenless, "text/plain")),
        ("a form with files", form(&tokenless, "multipart/form-data; boundary=x")),
    ];
    let mut done = Vec::new();
    for (about, ask) in tries {
        let answer = ask.send().await;
        if answer.status != 403 {
            done.push(format!("{about}: {} {}", answer.status, answer.code()));
        }
    }
    // Reading with the cookie alone is fine, and changes nothing whatever it calls itself.
    let over = bare.clone().with("x-http-method-override", "DELETE");
    let _ = over.get(format!("{ME}?_method=DELETE")).await;
    if bare.get(ME).await.status != 200 {
        done.push("the session is gone".to_owned());
    }
    done
}

const PUBLIC: &str = r#"
[server]
public_url = "https://main.example.test"
[identity]
password_memory_kib = 64
password_passes = 1
"#;

testkit::on_both! {
    async fn a16_behind_https_only_the_guarded_cookie_counts(engine: Engine) {
        let app = TestApp::with(engine, vec![identity::system()], PUBLIC).await;
        let owner = app.owner("Main").await;
        let page = app.anonymous().with("host", "main.example.test").with("origin", "https://main.example.test");
        let answer = sign_in(&page, &owner.email).await.expect(200);
        let line = answer.header("set-cookie").expect("a cookie");
        assert!(line.starts_with("__Host-mainstay=cs_") && line.contains("; Path=/; Secure; HttpOnly; SameSite=Lax; "), "{line}");
        let browser = Browser::after(page.clone(), &answer);
        let _ = browser.client.get(ME).await.expect(200);
        // The same text under the name that any neighbour may set.
        let tossed = browser.cookie.replace("__Host-mainstay", "mainstay-loopback");
        page.clone().with("cookie", &tossed).get(ME).await.refused(401, "session_ended");
        let plain = app.anonymous().with("host", "192.168.1.5:8080").with("origin", "http://192.168.1.5:8080");
        sign_in(&plain, &owner.email).await.refused(403, "insecure_address");
    }

    async fn over_plain_http_from_elsewhere_there_is_no_cookie(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for host in ["192.168.1.5:8080", "mainstay.lan", "localhost.evil.test"] {
            let page = app.anonymous().with("host", host).with("origin", &format!("http://{host}"));
            sign_in(&page, &owner.email).await.refused(403, "insecure_address");
            let start = app.anonymous().with("host", host).get("/").await.expect(200);
            assert!(String::from_utf8_lossy(&start.body).contains("Set server.public_url"));
        }
        let start = app.anonymous().with("host", "localhost:8080").get("/").await.expect(200);
        assert!(!String::from_utf8_lossy(&start.body).contains("server.public_url"));
    }
}
