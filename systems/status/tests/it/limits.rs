//! How often one may ask.

use std::time::Duration;

use super::{STATUS, systems};
use testkit::TestApp;
use web::Fault;

const SETTINGS: &str = r#"
public_workspace = "main"
[limits]
signed_in = 20
anonymous = 5
sign_in = 1000
[identity]
password_memory_kib = 64
password_passes = 1
"#;

/// How many of 64 requests at once are let through within one window.
async fn let_through(app: &TestApp) -> usize {
    let owner = app.owner("Main").await;
    app.clock().advance(Duration::from_mins(1));
    let asked = (0..64).map(|_| {
        let client = owner.client.clone();
        tokio::spawn(async move { client.get(STATUS).await.status.as_u16() })
    });
    let mut through = 0;
    for answer in asked.collect::<Vec<_>>() {
        match answer.await.expect("an answer") {
            200 => through += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    through
}

testkit::on_both! {
    async fn p22_exactly_the_limit_is_let_through(engine: Engine) {
        let app = TestApp::with(engine, systems(), SETTINGS).await;
        for _ in 0..testkit::rounds(2, 200) {
            assert_eq!(let_through(&app).await, 20);
        }
    }

    async fn p22_the_test_of_the_limit_can_fail(engine: Engine) {
        let app = TestApp::with(engine, systems(), SETTINGS).await;
        app.faults.plant(Fault::NoLimits);
        assert!(let_through(&app).await > 20, "the planted fault was not seen");
    }

    async fn check_25_the_headers_tell_and_the_window_ends(engine: Engine) {
        let app = TestApp::with(engine, systems(), SETTINGS).await;
        app.owner("Main").await;
        let anybody = app.anonymous();
        for left in (0..5).rev() {
            let answer = anybody.get(STATUS).await.expect(200);
            assert_eq!(answer.header("x-ratelimit-limit"), Some("5"));
            assert_eq!(answer.header("x-ratelimit-remaining"), Some(left.to_string().as_str()));
            app.clock().advance(Duration::from_secs(1));
        }
        let refused = anybody.get(STATUS).await.expect(429);
        assert_eq!((refused.code(), refused.header("x-ratelimit-remaining")), ("rate_limited".into(), Some("0")));
        let number = |name| refused.header(name).and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1);
        let wait = number("retry-after");
        let now = app.clock().now().as_seconds();
        assert!((1..=60).contains(&wait) && (number("x-ratelimit-reset") - now - wait).abs() <= 1, "{:?}", refused.headers);
        app.clock().advance(Duration::from_secs(wait.unsigned_abs()));
        anybody.get(STATUS).await.expect(200);
    }

    async fn a19_claimed_addresses_gain_nothing(engine: Engine) {
        let app = TestApp::with(engine, systems(), SETTINGS).await;
        app.owner("Main").await;
        let mut through = 0;
        for n in 0..30 {
            let claim = format!("198.51.100.{n}");
            let anybody = app.anonymous().with("x-forwarded-for", &claim).with("x-real-ip", &claim).with("forwarded", &format!("for={claim}"));
            through += usize::from(anybody.get(STATUS).await.status == 200);
        }
        assert_eq!(through, 5);
    }

    async fn a_bad_credential_counts_against_its_network(engine: Engine) {
        let app = TestApp::with(engine, systems(), SETTINGS).await;
        app.owner("Main").await;
        let forger = app.anonymous().bearer("no.such.token");
        for _ in 0..5 {
            forger.get(STATUS).await.expect(401);
        }
        forger.get(STATUS).await.expect(429);
    }

    async fn p22_who_is_refused_counts_for_himself(engine: Engine) {
        let app = TestApp::with(engine, systems(), SETTINGS).await;
        app.owner("Main").await;
        let member = app.member("Main").await;
        for _ in 0..10 {
            let refused = member.post(crate::EVENTS, crate::report("api", "degraded")).await.expect(403);
            assert_eq!(refused.header("x-ratelimit-limit"), Some("20"));
        }
        // His network's visitors have all of theirs left.
        let anybody = app.anonymous().get(STATUS).await.expect(200);
        assert_eq!(anybody.header("x-ratelimit-remaining"), Some("4"));
    }

    async fn a_plain_page_counts_like_any_visit(engine: Engine) {
        let app = TestApp::with(engine, systems(), SETTINGS).await;
        app.owner("Main").await;
        for _ in 0..4 {
            app.anonymous().get("/status").await.expect(200);
        }
        let last = app.anonymous().get("/").await.expect(200);
        assert_eq!(last.header("x-ratelimit-remaining"), Some("0"));
        for path in ["/status", "/", STATUS] {
            app.anonymous().get(path).await.refused(429, "rate_limited");
        }
        let elsewhere = app.anonymous().at([198, 51, 100, 1]).get("/status").await.expect(200);
        assert_eq!(elsewhere.header("cache-control"), Some("public, max-age=30"));
    }
}
