//! What browsers are told, and what another site's script gets.

use web::edge::{ConnectionLimits, Options};

use crate::house::House;

async fn house() -> House {
    let options = Options {
        public_url: "https://main.example.test".into(),
        cors_origins: vec!["https://shop.example.test".into(), "null".into()],
        ..Options::default()
    };
    House::with(options, ConnectionLimits::default()).await
}

#[tokio::test]
async fn a41_only_listed_origins_are_told_anything() {
    let house = house().await;
    let listed = house.ask("GET /", &["Origin: https://shop.example.test"], "").await;
    assert_eq!(listed.header("access-control-allow-origin"), Some("https://shop.example.test"));
    assert_eq!(listed.header("access-control-allow-credentials"), Some("true"));
    for origin in [
        "null",
        "https://evil.test",
        "https://shop.example.test.evil.test",
        "https://evilshop.example.test",
        "https://SHOP.example.test",
        "http://shop.example.test",
        "https://shop.example.test:8443",
        "https://shop.example.test/",
        "*",
    ] {
        let answer = house.ask("GET /", &[&format!("Origin: {origin}")], "").await;
        assert!(!answer.head.to_lowercase().contains("access-control-"), "{origin}: {answer:?}");
        assert_eq!(answer.header("vary"), Some("Origin"), "{origin}");
        let preflight = house
            .ask("OPTIONS /", &[&format!("Origin: {origin}"), "Access-Control-Request-Method: POST"], "")
            .await;
        preflight.is_problem(403, "origin_not_allowed");
        assert!(!preflight.head.to_lowercase().contains("access-control-"), "{origin}: {preflight:?}");
    }
    let preflight = house
        .ask(
            "OPTIONS /things/7",
            &["Origin: https://shop.example.test", "Access-Control-Request-Method: DELETE"],
            "",
        )
        .await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("https://shop.example.test"));
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("Idempotency-Key"));
    // A problem is told to a listed origin like everything else.
    let problem = house.ask("GET /nothing", &["Origin: https://shop.example.test"], "").await;
    problem.is_problem(404, "not_found");
    assert_eq!(problem.header("access-control-allow-origin"), Some("https://shop.example.test"));
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect() {
    let house = house().await;
    let deep = format!("X-A: {}", "a".repeat(20_000));
    for (line, header) in [
        ("GET /", "X-A: a"),
        ("GET /nothing", "X-A: a"),
        ("TRACE /", "X-A: a"),
        ("GET /panic", "X-A: a"),
        ("GET /", &deep),
    ] {
        let answer = house.ask(line, &[header], "").await;
        let is = |name: &str, part: &str| {
            assert!(
                answer.header(name).is_some_and(|value| value.contains(part)),
                "{line}: {name} in {answer:?}"
            );
        };
        is("content-security-policy", "default-src 'none'");
        is("content-security-policy", "frame-ancestors 'none'");
        is("content-security-policy", "report-uri /api/v1/security/report; report-to csp");
        is("reporting-endpoints", "csp=\"/api/v1/security/report\"");
        is("x-content-type-options", "nosniff");
        is("x-frame-options", "DENY");
        is("referrer-policy", "same-origin");
        is("permissions-policy", "camera=()");
        is("cross-origin-opener-policy", "same-origin");
        is("cross-origin-resource-policy", "same-origin");
        is("strict-transport-security", "max-age=31536000");
        is("cache-control", "no-store");
        is("x-request-id", "");
        is("x-trace-id", "");
        assert_eq!(answer.header("server"), None);
    }
    assert_eq!(house.ask("GET /cookie", &[], "").await.header("cache-control"), Some("no-store"));
    let plain = House::new().await;
    assert_eq!(plain.ask("GET /", &[], "").await.header("strict-transport-security"), None);
}

#[tokio::test]
async fn a42_a_parameter_or_a_header_with_two_values_is_refused() {
    let house = house().await;
    house.ask("GET /where?page=1&page=2", &[], "").await.is_problem(400, "duplicate_parameter");
    house.ask("GET /where?page=1&%70age=2", &[], "").await.is_problem(400, "duplicate_parameter");
    assert_eq!(house.ask("GET /where?a=1&b=1", &[], "").await.status, 200);
    for name in ["Authorization", "X-Workspace-Id", "Idempotency-Key", "X-API-Key", "Content-Type", "Origin"]
    {
        let (one, two) = (format!("{name}: a"), format!("{name}: b"));
        house.ask("GET /", &[&one, &two], "").await.is_problem(400, "duplicate_header");
    }
}

#[tokio::test]
async fn a43_the_method_is_the_one_on_the_line() {
    let house = house().await;
    for header in ["X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE", "X-HTTP-Method: DELETE"] {
        assert_eq!(house.ask("POST /where", &[header], "").await.body, "POST /where []");
    }
    for method in ["TRACE", "TRACK", "DEBUG", "PROPFIND", "get"] {
        let answer = house.ask(&format!("{method} /"), &["Cookie: secret=1"], "").await;
        answer.is_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
        assert!(!answer.body.contains("secret"));
    }
    assert_eq!(house.ask("CONNECT evil.test:443", &[], "").await.status, 405);
    let wrong = house.ask("DELETE /things/7", &[], "").await;
    wrong.is_problem(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), Some("GET,HEAD,POST"));
    let options = house.ask("OPTIONS /things/7", &[], "").await;
    assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, POST, OPTIONS")));
    let (get, head) = (house.ask("GET /things/7", &[], "").await, house.ask("HEAD /things/7", &[], "").await);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), get.header("content-length"));
    let refused = house.ask("HEAD /nothing", &[], "").await;
    assert_eq!((refused.status, refused.body.as_str()), (404, ""));
}

#[tokio::test]
async fn a44_error_pages_tell_nothing_of_the_inside() {
    let house = house().await;
    house.ask("GET /nothing", &[], "").await.is_problem(404, "not_found");
    house.ask("GET /text-error", &[], "").await.is_problem(400, "malformed");
    for path in ["/internal", "/silent-500", "/panic", "/text-error"] {
        let answer = house.ask(&format!("GET {path}"), &[], "").await;
        for inside in ["SELECT", "people", "/srv", ".rs", "the inside", "panick", "axum", "hyper"] {
            assert!(!answer.body.contains(inside) && !answer.head.contains(inside), "{path}: {answer:?}");
        }
    }
    let answer = house.ask("GET /internal", &[], "").await;
    answer.is_problem(500, "internal");
    let names: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["type", "title", "status", "detail", "code", "request_id"]);
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let house = house().await;
    let text = house
        .send("GET /panic HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(text.starts_with("HTTP/1.1 500"), "{text}");
    assert!(text.ends_with("hello"), "the connection lives on: {text}");
}
