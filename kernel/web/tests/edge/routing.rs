//! Where requests go: the early router and the whole one, old addresses, and whose address it is.

use web::edge::{Aliases, ConnectionLimits, Edge, Options, Probes};

use crate::house::{House, router};

#[tokio::test]
async fn until_everything_is_up_only_the_probes_answer() {
    let probes = Probes::new("1.2.3");
    let house =
        House::serving(Edge::new(Options::default(), probes.early()), ConnectionLimits::default()).await;
    probes.waiting_for("database");
    let health = house.ask("GET /health", &[], "").await;
    assert_eq!((health.status, health.json()["version"].as_str()), (200, Some("1.2.3")));
    let ready = house.ask("GET /ready", &[], "").await;
    assert_eq!((ready.status, ready.json()["waiting_for"].as_str()), (503, Some("database")));
    for path in ["/", "/metrics", "/api/v1/status"] {
        let answer = house.ask(&format!("GET {path}"), &[], "").await;
        answer.is_problem(503, "starting");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    probes.up(Vec::new());
    house.edge.swap(router().merge(probes.routes()));
    assert_eq!(house.ask("GET /", &[], "").await.body, "hello");
    assert_eq!(house.ask("GET /ready", &[], "").await.status, 200);
    probes.draining();
    assert_eq!(house.ask("GET /ready", &[], "").await.status, 503);
    assert_eq!(house.ask("GET /", &[], "").await.body, "hello");
}

#[tokio::test]
async fn old_addresses_lead_to_new_ones() {
    let aliases = Aliases::new([
        ("/old/{id}/*", "/where/{id}/*"),
        ("/v3/action/{name}", "rewrite:/where"),
        ("/old/root", "/"),
    ])
    .unwrap();
    let house = House::with(Options { aliases, ..Options::default() }, ConnectionLimits::default()).await;
    let moved = house.ask("POST /old/7/a/b?x=1", &[], "body").await;
    assert_eq!((moved.status, moved.header("location")), (307, Some("/where/7/a/b?x=1")));
    assert_eq!(house.ask("GET /old/root", &[], "").await.header("location"), Some("/"));
    let inside = house.ask("POST /v3/action/clip?x=1", &["X-Account-Id: wsp_1"], "").await;
    assert_eq!(inside.body, "POST /where?x=1 [wsp_1]");
    let both = house.ask("POST /v3/action/clip", &["X-Account-Id: wsp_1", "X-Workspace-Id: wsp_2"], "").await;
    assert_eq!(both.body, "POST /where [wsp_2]");
    // Elsewhere the old header means nothing.
    assert_eq!(house.ask("POST /where", &["X-Account-Id: wsp_1"], "").await.body, "POST /where []");
}

#[tokio::test]
async fn a19_the_address_is_the_peers_unless_the_peer_is_trusted() {
    let spoofed = ["X-Forwarded-For: 198.51.100.7", "X-Real-IP: 198.51.100.7", "Forwarded: for=198.51.100.7"];
    let house = House::new().await;
    assert_eq!(house.ask("GET /who", &spoofed, "").await.body, "127.0.0.1");
    let options = Options { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..Options::default() };
    house.edge.set_options(options);
    assert_eq!(house.ask("GET /who", &spoofed, "").await.body, "198.51.100.7");
    let appended = ["X-Forwarded-For: 198.51.100.7, 203.0.113.9"];
    assert_eq!(house.ask("GET /who", &appended, "").await.body, "203.0.113.9");
}
