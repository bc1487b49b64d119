//! Writing: what is refused, what is stale, and that nothing of a refused write remains.

use super::{EVENTS, STATUS, post_report, report, start};
use serde_json::json;

testkit::on_both! {
    async fn a_report_has_an_address_and_a_tag(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let made = owner.post(EVENTS, report("api", "degraded")).await.expect(201);
        let address = made.header("location").unwrap_or_default().to_owned();
        assert_eq!(address, format!("{EVENTS}/{}", made.text("id")));
        let read = owner.get(&address).await.expect(200);
        assert_eq!((read.json(), read.etag()), (made.json(), made.etag()));
        assert!(made.text("id").starts_with("ste_"));
    }

    async fn the_first_reports_of_a_service_at_once_all_count(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for round in 0..5 {
            let reports = (0..24).map(|_| {
                let client = owner.client.clone();
                tokio::spawn(async move { client.post(EVENTS, report(&format!("s{round}"), "degraded")).await })
            });
            for answer in reports.collect::<Vec<_>>() {
                answer.await.expect("an answer").expect(201);
            }
        }
        assert_eq!(owner.get(EVENTS).await.json()["total"], 120);
    }

    async fn bad_reports_are_refused_whole_and_say_where(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for (body, path) in [
            (json!({"service_id": "API", "status": "degraded", "description": "x"}), "/service_id"),
            (json!({"service_id": "api", "status": "broken", "description": "x"}), "/status"),
            (json!({"service_id": "api", "status": "degraded", "description": " "}), "/description"),
            (json!({"service_id": "api", "status": "degraded", "description": "x".repeat(2001)}), "/description"),
            (json!({"service_id": "api", "status": "degraded", "description": "a\u{0}b"}), "/description"),
            (json!({"service_id": "api", "status": "degraded"}), ""),
        ] {
            let answer = owner.post(EVENTS, body.clone()).await.expect(422);
            assert_eq!(answer.json()["errors"][0]["path"], path, "{body}");
        }
        owner.ask(http::Method::POST, EVENTS).raw("application/json", "{").send().await.refused(400, "bad_json");
        let text = owner.ask(http::Method::POST, EVENTS).raw("text/plain", "{}").send().await;
        text.refused(415, "unsupported_media_type");
        assert_eq!(owner.get(STATUS).await.json()["services"], json!([]));
        assert_eq!(owner.get(EVENTS).await.json()["total"], 0);
    }

    async fn a04_nothing_can_be_assigned_that_was_not_asked_for(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for name in ["id", "workspace", "tenant_id", "created_at", "created_by", "version", "role"] {
            let mut body = report("api", "degraded");
            body[name] = json!("x");
            let answer = owner.post(EVENTS, body).await.expect(422);
            assert_eq!(answer.json()["errors"][0]["code"], "unknown_field", "{name}");
        }
        assert_eq!(owner.get(EVENTS).await.json()["total"], 0);
    }

    async fn a_stale_if_match_is_412_with_the_current_version(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        post_report(&owner, "api", "degraded").await;
        let path = "/api/v1/status/services/api";
        let first = owner.get(path).await.etag();
        let rename = |tag: &str, name: &str| {
            owner.ask(http::Method::PATCH, path).header("if-match", tag).json(&json!({"name": name})).send()
        };
        let renamed = rename(&first, "The API").await.expect(200);
        assert_eq!(renamed.text("name"), "The API");
        let stale = rename(&first, "Another").await.expect(412);
        assert_eq!((stale.code(), stale.json()["current_version"].clone()), ("stale".into(), json!(2)));
        rename(&renamed.etag(), "Third").await.expect(200);
        rename("*", "Fourth").await.expect(200);
        rename("nonsense", "Fifth").await.refused(400, "bad_etag");
        assert_eq!(owner.get(path).await.text("name"), "Fourth");
    }

    async fn a_patch_changes_what_it_names(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        post_report(&owner, "api", "degraded").await;
        let path = "/api/v1/status/services/api";
        let tag = owner.get(path).await.etag();
        assert_eq!(owner.patch(path, json!({})).await.expect(200).etag(), tag, "nothing changed");
        owner.patch(path, json!({"name": null})).await.expect(422);
        owner.patch(path, json!({"name": ""})).await.expect(422);
        owner.patch(path, json!({"status": "operational"})).await.expect(422);
        owner.patch("/api/v1/status/services/none", json!({"name": ""})).await.refused(404, "not_found");
        let merge = owner.ask(http::Method::PATCH, path).raw("application/merge-patch+json", r#"{"name":"A"}"#);
        assert_eq!(merge.send().await.expect(200).text("name"), "A");
    }

    async fn a02_a_member_may_read_and_is_told_what_he_lacks(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        post_report(&owner, "api", "degraded").await;
        member.get(EVENTS).await.expect(200);
        let refused = member.post(EVENTS, report("api", "operational")).await.expect(403);
        assert_eq!((refused.code(), refused.text("permission")), ("permission_needed".into(), "status:write".into()));
        let reader = app.key(&owner, &["status:read"]).await;
        reader.get(EVENTS).await.expect(200);
        reader.post(EVENTS, report("api", "operational")).await.expect(403);
        let writer = app.key(&owner, &["status:write"]).await;
        writer.post(EVENTS, report("api", "operational")).await.expect(201);
        app.suspended("Main").await.post(EVENTS, report("api", "degraded")).await.expect(401);
    }

    async fn a03_a_header_that_disagrees_is_refused(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let key = app.key(&owner, &["status:write"]).await;
        key.clone().with("x-workspace-id", &other.workspace).post(EVENTS, report("api", "degraded")).await.expect(403);
        let stranger = owner.client.clone().with("x-workspace-id", &other.workspace);
        let denied = stranger.post(EVENTS, report("api", "degraded")).await.expect(403);
        let unknown = owner.client.clone().with("x-workspace-id", "wsp_01j00000000000000000000000");
        assert_eq!(unknown.post(EVENTS, report("api", "degraded")).await.expect(403).code(), denied.code());
        assert_eq!(other.get(EVENTS).await.json()["total"], 0);
    }
}
