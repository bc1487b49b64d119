//! What the journal says of a report and its service.

use super::{EVENTS, post_report, report, start};
use serde_json::Value;
use testkit::Client;

async fn kinds(client: &Client, path: &str) -> Vec<Value> {
    let page = client.get(path).await.expect(200).json();
    page["items"].as_array().into_iter().flatten().map(|event| event["type"].clone()).collect()
}

testkit::on_both! {
    async fn a_report_tells_who_made_it_in_which_request(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let made = owner.ask(http::Method::POST, EVENTS).header("x-request-id", "req-7").json(&report("api", "degraded"));
        let made = made.send().await.expect(201);
        assert_eq!(made.header("x-request-id"), Some("req-7"));
        let timeline = owner.get(format!("{EVENTS}/{}/events", made.text("id"))).await.expect(200).json();
        let event = &timeline["items"][0];
        assert_eq!(timeline["total"], 1);
        assert_eq!(event["type"], "status_event.created");
        assert_eq!(event["request_id"], "req-7");
        assert_eq!(event["trace_id"].as_str(), made.header("x-trace-id"));
        assert_eq!(event["actor"]["id"], owner.id);
        assert_eq!(event["data"]["status"], "degraded");
    }

    async fn a_service_tells_its_history_in_order(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        post_report(&owner, "api", "degraded").await;
        post_report(&owner, "api", "degraded").await;
        post_report(&owner, "api", "operational").await;
        owner.patch("/api/v1/status/services/api", serde_json::json!({"name": "The API"})).await.expect(200);
        let path = "/api/v1/status/services/api/events";
        assert_eq!(kinds(&owner, path).await, ["service.registered", "service.status_changed", "service.renamed"]);
        owner.get("/api/v1/status/services/none/events").await.refused(404, "not_found");
    }

    async fn what_was_refused_leaves_no_mark(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        post_report(&owner, "api", "degraded").await;
        let stale = owner.ask(http::Method::PATCH, "/api/v1/status/services/api").header("if-match", "\"9-x\"");
        stale.json(&serde_json::json!({"name": "x"})).send().await.expect(412);
        assert_eq!(kinds(&owner, "/api/v1/status/services/api/events").await, ["service.registered"]);
    }
}
