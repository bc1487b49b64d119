//! How everything stands, and tags.

use super::{EVENTS, STATUS, post_report, start};

testkit::on_both! {
    async fn check_27_the_latest_report_of_every_service_counts(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        assert_eq!(owner.get(STATUS).await.expect(200).text("status"), "operational");

        post_report(&owner, "api", "operational").await;
        post_report(&owner, "mail", "degraded").await;
        assert_eq!(owner.get(STATUS).await.text("status"), "degraded");
        post_report(&owner, "mail", "major_outage").await;
        assert_eq!(owner.get(STATUS).await.text("status"), "major_outage");
        post_report(&owner, "mail", "operational").await;

        let status = owner.get(STATUS).await.expect(200).json();
        assert_eq!(status["status"], "operational");
        let ids: Vec<_> = status["services"].as_array().into_iter().flatten().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, ["api", "mail"]);
    }

    async fn the_shapes_stay(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let made = post_report(&owner, "api", "degraded").await.json();
        let here = env!("CARGO_MANIFEST_DIR");
        testkit::snapshot(here, "status_event", &made);
        testkit::snapshot(here, "status", &owner.get(STATUS).await.json());
        testkit::snapshot(here, "status_events", &owner.get(EVENTS).await.json());
        testkit::snapshot(here, "refusal", &owner.post(EVENTS, serde_json::json!({"status": 1})).await.json());
    }

    async fn check_27_an_unknown_service_is_unknown(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let unknown = owner.get("/api/v1/status/services/nothing").await.expect(200);
        assert_eq!((unknown.text("id"), unknown.text("status")), ("nothing".into(), "unknown".into()));
        post_report(&owner, "api", "maintenance").await;
        assert_eq!(owner.get("/api/v1/status/services/api").await.text("status"), "maintenance");
        owner.get("/api/v1/status/services/NOT%20A%20SLUG").await.refused(404, "not_found");
    }

    async fn anybody_may_read_the_public_workspace_and_nothing_else(engine: Engine) {
        let app = start(engine).await;
        let (main, other) = (app.owner("Main").await, app.owner("Other").await);
        let id = post_report(&main, "api", "degraded").await.text("id");
        post_report(&other, "secret", "major_outage").await;

        let anybody = app.anonymous();
        let status = anybody.get(STATUS).await.expect(200);
        assert_eq!(status.text("status"), "degraded");
        assert_eq!(status.header("cache-control"), Some("public, max-age=30"));
        assert!(!String::from_utf8_lossy(&status.body).contains("secret"));
        anybody.get(format!("{EVENTS}/{id}")).await.expect(200);
        anybody.get(format!("{EVENTS}/{id}/events")).await.refused(401, "not_signed_in");
        anybody.with("x-workspace-id", "other").get("/api/v1/status/services/secret").await.expect(200);
        let page = app.anonymous().get("/status").await.expect(200);
        assert!(String::from_utf8_lossy(&page.body).contains("Api"), "the public page names the service");
    }

    async fn check_23_a_tag_saves_the_body_until_something_changes(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let id = post_report(&owner, "api", "degraded").await.text("id");
        for path in [format!("{EVENTS}/{id}"), EVENTS.to_owned(), STATUS.to_owned(), "/api/v1/status/services/api".to_owned()] {
            let first = owner.get(&path).await.expect(200);
            let tag = first.etag();
            assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{path}: {tag}");
            for held in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
                let again = owner.ask(http::Method::GET, &path).header("if-none-match", &held).send().await.expect(304);
                assert_eq!(again.etag(), tag, "{path} with {held}");
                assert!(again.body.is_empty());
                assert_eq!(again.header("content-type"), None);
            }
            let other = owner.ask(http::Method::GET, &path).header("if-none-match", "\"x\"").send().await;
            other.expect(200);
            owner.ask(http::Method::GET, &path).header("if-none-match", "x").send().await.refused(400, "bad_etag");
        }
        let before = owner.get(STATUS).await.etag();
        post_report(&owner, "api", "operational").await;
        let after = owner.ask(http::Method::GET, STATUS).header("if-none-match", &before).send().await.expect(200);
        assert_ne!(after.etag(), before);
    }

    async fn a08_a_tag_of_another_audience_never_matches(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let id = post_report(&owner, "api", "degraded").await.text("id");
        let path = format!("{EVENTS}/{id}");
        let tag = owner.get(&path).await.etag();
        for other in [member.client.clone(), app.anonymous()] {
            let answer = other.ask(http::Method::GET, &path).header("if-none-match", &tag).send().await.expect(200);
            assert_ne!(answer.etag(), tag);
        }
    }

    async fn a_problem_points_at_its_explanation(engine: Engine) {
        let app = start(engine).await;
        let anybody = app.anonymous();
        let address = anybody.get(format!("{EVENTS}/none/events")).await.expect(401).text("type");
        let page = anybody.get(&address).await.expect(200);
        assert_eq!(address, "/docs/problems/not_signed_in");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(String::from_utf8_lossy(&page.body).contains("<h1>not_signed_in</h1>"));
        anybody.get("/docs/problems/nothing").await.refused(404, "not_found");
    }

    async fn a43_head_is_judged_as_get(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let id = post_report(&owner, "api", "degraded").await.text("id");
        let head = owner.ask(http::Method::HEAD, format!("{EVENTS}/{id}")).send().await.expect(200);
        assert!(head.body.is_empty() && !head.etag().is_empty());
        app.anonymous().ask(http::Method::HEAD, format!("{EVENTS}/{id}/events")).send().await.expect(401);
        let put = owner.ask(http::Method::PUT, EVENTS).send().await.expect(405);
        assert!(put.header("allow").is_some_and(|allow| allow.contains("GET") && allow.contains("POST")));
    }

    async fn a08_a_cache_between_us_tells_callers_apart(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        post_report(&owner, "api", "degraded").await;
        let anybody = app.anonymous().get(STATUS).await.expect(200);
        assert_eq!(anybody.header("cache-control"), Some("public, max-age=30"));
        let own = owner.get(STATUS).await.expect(200);
        assert_eq!(own.header("cache-control"), Some("private, no-cache"));
        let held = app.anonymous().ask(http::Method::GET, STATUS).header("if-none-match", &anybody.etag());
        let refused = app.anonymous().bearer("no.such.token").get(STATUS).await.expect(401);
        for answer in [&anybody, &own, &held.send().await.expect(304), &refused] {
            let vary = answer.header("vary").unwrap_or_default();
            for name in ["authorization", "cookie", "x-api-key", "x-workspace-id"] {
                assert!(vary.contains(name), "{vary}");
            }
        }
    }

    async fn p16_a_route_that_the_table_does_not_know_is_not_reached(engine: Engine) {
        let hidden = web::System {
            name: "hidden",
            routes: || {
                let secret = || async { "a secret" };
                let reading = utoipa_axum::router::OpenApiRouter::new().route("/api/v1/hidden", axum::routing::get(secret));
                reading.route("/api/v1/status/overview", axum::routing::get(secret))
            },
            ..web::System::EMPTY
        };
        let systems = [crate::systems(), vec![hidden]].concat();
        let app = testkit::TestApp::start(engine, systems).await;
        for client in [app.anonymous(), app.owner("Main").await.client] {
            for path in ["/api/v1/hidden", "/api/v1/status/overview"] {
                client.get(path).await.refused(404, "not_found");
            }
        }
    }
}
