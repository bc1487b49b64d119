//! What the running server tells of itself, and how it takes the loss of its database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::process::{PATIENCE, Server, folder, mainstay};

pub(crate) const PASSWORD: &str = "a long enough passphrase";
pub(crate) const OWNER: &str = "owner@example.test";
const EVENTS: &str = "/api/v1/status/events";

/// An administrator in a folder that no server uses yet.
pub(crate) fn administrator(data: &std::path::Path, variables: &[(&str, &str)]) {
    let data = data.to_str().unwrap();
    let mut child = mainstay(&["admin", "create", "--email", OWNER, "--password-stdin", "--data", data])
        .envs(variables.iter().copied())
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{PASSWORD}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Signs in and shows the whole answer.
fn sign_in(server: &Server, password: &str) -> String {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("username={OWNER}&password={}", password.replace(' ', "+"));
    server.ask("POST", "/api/v1/auth/token", &form, &body).unwrap()
}

pub(crate) fn bearer(server: &Server) -> String {
    let answer = sign_in(server, PASSWORD);
    let (_, rest) = answer.split_once("\"access_token\":\"").unwrap_or_else(|| panic!("{answer}"));
    format!("Bearer {}", rest.split('"').next().unwrap())
}

/// Reports a status and tells the line of its answer.
fn report(server: &Server, bearer: &str, key: &str) -> Option<String> {
    let headers = [("authorization", bearer), ("content-type", "application/json"), ("idempotency-key", key)];
    let body = r#"{"service_id": "api", "status": "degraded", "description": "What is going on."}"#;
    server.ask("POST", EVENTS, &headers, body)
}

/// The value of a line of the metrics; `None` when there is no such line.
fn value(metrics: &str, line: &str) -> Option<f64> {
    metrics.lines().find_map(|text| text.strip_prefix(line)?.trim().parse().ok())
}

fn check_28_metrics(variables: &[(&str, &str)], engine: &str, pool: bool) {
    let place = folder();
    administrator(place.path(), variables);
    let limit = ("MAINSTAY_LIMITS_ANONYMOUS", "2");
    let server = Server::spawn(place.path(), &[], &[variables, &[limit]].concat());
    server.wait_ready();
    assert!(sign_in(&server, "not the passphrase").starts_with("HTTP/1.1 401"));
    let bearer = bearer(&server);
    assert!(report(&server, &bearer, "one").unwrap().starts_with("HTTP/1.1 201"));
    let list = server.ask("GET", EVENTS, &[("authorization", &bearer)], "").unwrap();
    assert!(list.starts_with("HTTP/1.1 200"), "{list}");
    for _ in 0..3 {
        server.get("/api/v1/auth/me").unwrap();
    }
    let began = Instant::now();
    let mut lines = vec![
        "http_requests_total{method=\"POST\",route=\"/api/v1/status/events\",status=\"201\"}".to_owned(),
        "http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/status/events\"}".to_owned(),
        "http_4xx_total{route=\"/api/v1/auth/me\"}".to_owned(),
        "http_refusals_total{code=\"not_signed_in\"}".to_owned(),
        "http_refusals_total{code=\"invalid_credentials\"}".to_owned(),
        "mainstay_sign_in_refusals_total{kind=\"invalid_credentials\"}".to_owned(),
        "limiter_refusals_total{tier=\"anonymous\"}".to_owned(),
        "ready{dependency=\"database\"}".to_owned(),
        "journal_lag_seconds".to_owned(),
        format!("db_read_seconds_count{{engine=\"{engine}\"}}"),
        format!("db_commit_seconds_count{{engine=\"{engine}\"}}"),
        format!("db_group_size_count{{engine=\"{engine}\"}}"),
        "process_open_fds".to_owned(),
    ];
    if pool {
        lines.push(format!("db_pool_connections{{engine=\"{engine}\",pool=\"write\"}}"));
    }
    loop {
        let metrics = server.get("/metrics").unwrap();
        let missing: Vec<_> =
            lines.iter().filter(|line| !metrics.lines().any(|text| text.starts_with(*line))).collect();
        if missing.is_empty() {
            assert_eq!(value(&metrics, "limiter_refusals_total{tier=\"anonymous\"}"), Some(1.0), "{metrics}");
            for name in metrics.lines().filter_map(|text| text.strip_prefix("# TYPE ")) {
                let name = name.split(' ').next().unwrap();
                assert!(metrics.contains(&format!("# HELP {name} ")), "nobody says what {name} means");
            }
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{missing:?} are not in\n{metrics}");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.stop().0, 0);
}

#[test]
fn check_28_the_metrics_have_the_named_figures_on_sqlite() {
    check_28_metrics(&[], "sqlite", false);
}

#[test]
fn check_28_the_metrics_have_the_named_figures_on_postgresql() {
    let database = peers::postgres().fresh_database();
    check_28_metrics(&[("MAINSTAY_DATABASE_URL", &database.url)], "postgres", true);
}

/// A server whose way to PostgreSQL can be cut, and what it needs to stay.
fn behind_a_proxy() -> (Server, peers::Proxy, (tempfile::TempDir, peers::Database)) {
    let database = peers::postgres().fresh_database();
    let proxy = peers::Proxy::to(peers::postgres().port());
    let port = |port: u16| format!(":{port}/");
    let url = database.url.replace(&port(peers::postgres().port()), &port(proxy.port()));
    let place = folder();
    let variables = [("MAINSTAY_DATABASE_URL", url.as_str())];
    administrator(place.path(), &variables);
    let server = Server::spawn(place.path(), &[], &variables);
    server.wait_ready();
    (server, proxy, (place, database))
}

#[test]
fn check_28_ready_is_503_while_the_database_is_down_and_health_is_not() {
    let (server, proxy, _kept) = behind_a_proxy();
    let bearer = bearer(&server);
    proxy.refuse(true);
    proxy.cut();
    let down = server.wait_for("/ready", |answer| answer.starts_with("HTTP/1.1 503"));
    assert!(down.contains("\"database\":\"down\""), "{down}");
    assert!(server.get("/health").unwrap().starts_with("HTTP/1.1 200"));
    let refused = report(&server, &bearer, "down").unwrap();
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after"), "{refused}");
    proxy.refuse(false);
    server.wait_ready();
    assert!(report(&server, &bearer, "down").unwrap().starts_with("HTTP/1.1 201"));
    assert_eq!(server.stop().0, 0);
}

/// The connections are reset again and again under four clients. A request on a connection that was lost in the middle of its
/// commit may be told so; with its key it is repeated, and nothing is done twice or lost. No other is disturbed.
#[test]
fn check_7_a_lost_connection_does_not_disturb_other_requests() {
    let (server, proxy, _kept) = behind_a_proxy();
    let server = Arc::new(server);
    let bearer = bearer(&server);
    let enough = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (server, bearer, enough) = (Arc::clone(&server), bearer.clone(), Arc::clone(&enough));
            std::thread::spawn(move || {
                let (mut made, mut unknown) = (0_u32, 0_u32);
                while !enough.load(Ordering::Relaxed) {
                    let key = format!("c{client}-{made}");
                    let began = Instant::now();
                    loop {
                        let answer = report(&server, &bearer, &key).expect("an answer");
                        match answer.get(9..12) {
                            Some("200" | "201") => break,
                            Some("503") if answer.contains("outcome_unknown") => unknown += 1,
                            Some("409") if answer.contains("idempotency_in_flight") => {}
                            _ => panic!("{answer}"),
                        }
                        assert!(began.elapsed() < PATIENCE);
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    made += 1;
                    let path = format!("{EVENTS}?page_size=1");
                    let list = server.ask("GET", &path, &[("authorization", &bearer)], "").unwrap();
                    assert!(list.starts_with("HTTP/1.1 200"), "{list}");
                }
                (made, unknown)
            })
        })
        .collect();
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(200));
        proxy.cut();
    }
    enough.store(true, Ordering::Relaxed);
    let (made, unknown) = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    let list =
        server.ask("GET", &format!("{EVENTS}?page_size=1"), &[("authorization", &bearer)], "").unwrap();
    assert!(
        list.contains(&format!("\"total\":{made},")),
        "{made} were acknowledged ({unknown} asked again): {list}"
    );
    let server = Arc::into_inner(server).expect("the clients have ended");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn the_line_of_a_request_says_who_asked_and_where() {
    let place = folder();
    administrator(place.path(), &[]);
    let server = Server::start(place.path(), &[]);
    let bearer = bearer(&server);
    let ask = [("authorization", bearer.as_str()), ("x-request-id", "who-asks")];
    let me = server.ask("GET", "/api/v1/auth/me", &ask, "").unwrap();
    let id = me
        .split("\"id\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_else(|| panic!("{me}"));
    server.ask("GET", EVENTS, &ask, "").unwrap();
    server.ask("GET", EVENTS, &[("x-request-id", "nobody-asks")], "").unwrap();
    let (_, said) = server.stop();
    let lines = |of: &str| {
        let tie = format!("\"request_id\":\"{of}\"");
        let access =
            said.lines().filter(|line| line.contains("\"target\":\"access\"") && line.contains(&tie));
        access.map(str::to_owned).collect::<Vec<_>>()
    };
    let known = lines("who-asks");
    assert_eq!(known.len(), 2, "{said}");
    for line in &known {
        assert!(line.contains("\"workspace\":\"wsp_") || !line.contains(EVENTS), "{line}");
        assert!(line.contains(&format!("\"actor\":\"{id}\"")), "{line}");
    }
    let nobody = lines("nobody-asks");
    assert!(
        nobody.len() == 1 && !nobody[0].contains("\"actor\"") && !nobody[0].contains("\"workspace\""),
        "{said}"
    );
}
