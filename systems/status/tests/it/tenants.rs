//! Nobody learns of another workspace's things.

use std::collections::HashMap;

use super::{EVENTS, post_report, start};
use serde_json::json;
use testkit::TestApp;
use testkit::matrix::{Fixture, Stranger, try_all};
use web::Fault;

async fn findings(app: &TestApp, home: &str) -> Vec<String> {
    let owner = app.owner(home).await;
    let id = post_report(&owner, "api", "degraded").await.text("id");
    let nowhere = "ste_01j00000000000000000000000";
    let services = "/api/v1/status/services";
    let fixtures = HashMap::from([
        ("get_status_event", Fixture::new(format!("{EVENTS}/{id}"), format!("{EVENTS}/{nowhere}"))),
        (
            "list_status_event_events",
            Fixture::new(format!("{EVENTS}/{id}/events"), format!("{EVENTS}/{nowhere}/events")),
        ),
        (
            "update_service",
            Fixture::new(format!("{services}/api"), format!("{services}/none")).body(json!({"name": "x"})),
        ),
        (
            "list_service_events",
            Fixture::new(format!("{services}/api/events"), format!("{services}/none/events")),
        ),
        // A service of nobody is `unknown` to everybody: the slug is the caller's own word.
        ("get_service", Fixture::new(format!("{services}/NONE"), format!("{services}/NONE"))),
    ]);
    let other = app.owner("Other").await;
    let strangers = [
        Stranger { name: "anonymous", client: app.anonymous() },
        Stranger { name: "outsider", client: other.client.clone() },
        Stranger {
            name: "key of another workspace",
            client: app.key(&other, &["status:read", "status:write"]).await,
        },
        Stranger { name: "key without a scope", client: app.key(&other, &["members:read"]).await },
        Stranger { name: "suspended", client: app.suspended(home).await.client },
        Stranger {
            name: "outsider who names the workspace",
            client: other.client.clone().with("x-workspace-id", &owner.workspace),
        },
    ];
    try_all(app, &["status"], &fixtures, &strangers).await
}

testkit::on_both! {
    async fn p15_a01_no_stranger_learns_of_a_thing(engine: Engine) {
        let app = start(engine).await;
        let findings = findings(&app, "Hidden").await;
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }

    async fn a01_a_list_shows_only_its_own_workspace(engine: Engine) {
        let app = start(engine).await;
        let (one, two) = (app.owner("One").await, app.owner("Two").await);
        post_report(&one, "api", "degraded").await;
        for path in [EVENTS, "/api/v1/status"] {
            let seen = String::from_utf8_lossy(&two.get(path).await.expect(200).body).into_owned();
            assert!(!seen.contains("api"), "{path}: {seen}");
        }
    }

    async fn the_same_slug_is_another_service_elsewhere(engine: Engine) {
        let app = start(engine).await;
        let (one, two) = (app.owner("One").await, app.owner("Two").await);
        post_report(&one, "api", "degraded").await;
        post_report(&two, "api", "operational").await;
        assert_eq!(one.get("/api/v1/status").await.text("status"), "degraded");
        assert_eq!(two.get("/api/v1/status").await.text("status"), "operational");
    }

    async fn p15_the_matrix_can_fail(engine: Engine) {
        let app = start(engine).await;
        app.faults.plant(Fault::OneWorkspace);
        let findings = findings(&app, "Main").await;
        assert!(findings.iter().any(|found| found.contains("outsider")), "the planted fault was not seen");
    }
}
