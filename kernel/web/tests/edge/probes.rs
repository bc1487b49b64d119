//! The probes under a crowd, the metrics for those who may, and the reports of browsers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::post;
use tokio::time::{Instant, sleep};
use web::edge::{
    Check, CheckState, ConnectionLimits, Edge, MetricsDoor, Options, Probes, create_security_report,
};

use crate::house::House;

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a46_a_thousand_questions_are_one_check_a_second() {
    let asked = Arc::new(AtomicUsize::new(0));
    let probes = Probes::new("1");
    let counter = Arc::clone(&asked);
    probes.up(vec![Check::new("database", move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async {
            sleep(Duration::from_millis(20)).await;
            CheckState::Ok
        }
    })]);
    let edge = Edge::new(Options::default(), probes.routes());
    let began = Instant::now();
    let crowd = (0..1000).map(|n| {
        let edge = edge.clone();
        async move {
            if n % 2 == 0 {
                sleep(Duration::from_millis(n)).await;
            }
            edge.handle(get("/ready")).await.status()
        }
    });
    let answers = futures_util::future::join_all(crowd).await;
    assert!(answers.iter().all(|status| *status == 200));
    let most = 1 + usize::try_from(began.elapsed().as_millis() / 1000).unwrap();
    assert!(
        asked.load(Ordering::SeqCst) <= most,
        "{} checks in {:?}",
        asked.load(Ordering::SeqCst),
        began.elapsed()
    );
}

#[tokio::test]
async fn a46_callers_who_hang_up_do_not_multiply_the_checks() {
    let asked = Arc::new(AtomicUsize::new(0));
    let probes = Probes::new("1");
    let counter = Arc::clone(&asked);
    probes.up(vec![Check::new("database", move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async {
            sleep(Duration::from_millis(100)).await;
            CheckState::Ok
        }
    })]);
    let edge = Edge::new(Options::default(), probes.routes());
    for _ in 0..50 {
        let _ = tokio::time::timeout(Duration::from_millis(1), edge.clone().handle(get("/ready"))).await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn check_28_a_dependency_that_is_down_hung_or_broken_is_named() {
    let probes = Probes::new("1");
    probes.up(vec![
        Check::new("database", async || CheckState::Ok),
        Check::new("cache", async || CheckState::Disabled),
        Check::new("storage", async || CheckState::Down),
        Check::new("hung", std::future::pending),
        Check::new("broken", async || panic!("no")),
    ]);
    let edge = Edge::new(Options::default(), probes.routes());
    let response = edge.clone().handle(get("/ready")).await;
    assert_eq!(response.status(), 503);
    let body = axum::body::to_bytes(response.into_body(), 9999).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let said = serde_json::json!({
        "status": "down", "database": "ok", "cache": "disabled", "storage": "down", "hung": "down", "broken": "down",
    });
    assert_eq!(body, said);
    assert_eq!(edge.handle(get("/health")).await.status(), 200);
}

#[tokio::test]
async fn p10_a_dependency_that_can_be_spared_is_named_and_leaves_the_node_in() {
    let probes = Probes::new("1");
    let cache = Check::new("cache", async || CheckState::Down).spare();
    probes.up(vec![Check::new("database", async || CheckState::Ok), cache]);
    let response = Edge::new(Options::default(), probes.routes()).handle(get("/ready")).await;
    assert_eq!(response.status(), 200);
    let body = axum::body::to_bytes(response.into_body(), 9999).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, serde_json::json!({"status": "degraded", "database": "ok", "cache": "down"}));
}

#[tokio::test]
async fn a46_metrics_are_for_neighbours_and_for_holders_of_the_token() {
    let door = |token: Option<&str>| MetricsDoor {
        token: token.map(Into::into),
        render: Arc::new(|| "up 1\n".into()),
    };
    let open =
        House::serving(Edge::new(Options::default(), door(None).guarded()), ConnectionLimits::default())
            .await;
    assert_eq!(open.ask("GET /metrics", &[], "").await.body, "up 1\n");
    for passed in
        ["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "Via: 1.1 proxy", "X-Real-IP: 127.0.0.1"]
    {
        open.ask("GET /metrics", &[passed], "").await.is_problem(404, "not_found");
    }
    let held = Edge::new(Options::default(), door(Some("t0ken")).guarded());
    let held = House::serving(held, ConnectionLimits::default()).await;
    let far = "X-Forwarded-For: 203.0.113.9";
    assert_eq!(held.ask("GET /metrics", &[far, "Authorization: Bearer t0ken"], "").await.status, 200);
    for wrong in ["Authorization: Bearer t0ke", "Authorization: Bearer ", "Authorization: t0ken"] {
        held.ask("GET /metrics", &[far, wrong], "").await.is_problem(404, "not_found");
    }
    // Not over a connection at all, so nobody's neighbour.
    let edge = Edge::new(Options::default(), door(None).guarded());
    assert_eq!(edge.handle(get("/metrics")).await.status(), 404);
}

#[tokio::test]
async fn browser_reports_are_counted_by_directive_and_always_taken() {
    let (recorder, metrics) = telemetry::metrics::Metrics::build();
    let _local = metrics::set_default_local_recorder(&recorder);
    let app = Router::new().route("/api/v1/security/report", post(create_security_report));
    let edge = Edge::new(Options::default(), app);
    let old =
        r#"{"csp-report":{"document-uri":"https://secret.test","violated-directive":"script-src 'self'"}}"#;
    let new = r#"[{"type":"csp-violation","url":"https://secret.test","body":{"effectiveDirective":"script-src"}},
                  {"type":"csp-violation","body":{"effectiveDirective":"made-up-{label}"}}]"#;
    for (kind, body) in [
        ("application/csp-report", old),
        ("application/reports+json", new),
        ("text/plain", "{nonsense"),
        ("a/b", ""),
    ] {
        let request = Request::post("/api/v1/security/report")
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        let response = edge.clone().handle(request).await;
        assert_eq!(response.status(), 200, "{kind}");
        let body = axum::body::to_bytes(response.into_body(), 999).await.unwrap();
        assert_eq!(&body[..], br#"{"status":"ok"}"#);
    }
    let large = Request::post("/api/v1/security/report").body(Body::from("x".repeat(65 * 1024))).unwrap();
    assert_eq!(edge.handle(large).await.status(), 413);
    let text = metrics.render();
    assert!(text.contains("csp_reports_total{directive=\"script-src\"} 2"), "{text}");
    assert!(text.contains("csp_reports_total{directive=\"other\"} 3"), "{text}");
    assert!(!text.contains("secret.test") && !text.contains("made-up"), "{text}");
}

#[tokio::test]
async fn check_28_requests_are_counted_by_route_template_not_by_address() {
    let (recorder, metrics) = telemetry::metrics::Metrics::build();
    let _local = metrics::set_default_local_recorder(&recorder);
    let edge = Edge::new(Options::default(), crate::house::router());
    for path in ["/things/1", "/things/2", "/nothing/1", "/nothing/2", "/panic"] {
        let response = edge.clone().handle(get(path)).await;
        let _ = axum::body::to_bytes(response.into_body(), 9999).await;
    }
    let text = metrics.render();
    for line in [
        "http_requests_total{method=\"GET\",route=\"/things/{id}\",status=\"200\"} 2",
        "http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 2",
        "http_4xx_total{route=\"none\"} 2",
        "http_5xx_total{route=\"/panic\"} 1",
        "http_panics_total 1",
        "http_requests_in_flight 0",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(
        text.contains("http_request_duration_seconds_bucket{method=\"GET\",route=\"/things/{id}\""),
        "{text}"
    );
}
