//! Publishable keys: what stands in a web page for everybody to see.

use http::Method;
use serde_json::json;
use testkit::{Answer, Client, TestApp};

use super::start;

const KEYS: &str = "/api/v1/auth/api-keys";
const STATUS: &str = "/api/v1/status";
const SHOP: &str = "https://shop.example.test";

async fn key(owner: &Client, name: &str) -> Answer {
    owner
        .post(KEYS, json!({"name": name, "permissions": ["status:read"], "origins": [SHOP]}))
        .await
        .expect(201)
}

/// A script in a page of this origin.
fn script(app: &TestApp, text: &str, origin: &str) -> Client {
    app.anonymous().with("x-api-key", text).with("origin", origin)
}

/// What a browser asks before it sends the key.
async fn preflight(app: &TestApp, origin: &str, headers: &str) -> Answer {
    let ask = app.anonymous().ask(Method::OPTIONS, STATUS).header("origin", origin);
    ask.header("access-control-request-method", "GET")
        .header("access-control-request-headers", headers)
        .send()
        .await
}

testkit::on_both! {
    async fn a20_a_publishable_key_counts_in_its_own_pages_only(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Hidden").await;
        let made = key(&owner, "page").await;
        assert_eq!(made.json()["origins"], json!([SHOP]));
        let text = made.text("api_key");
        let answer = script(&app, &text, SHOP).get(STATUS).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert!(answer.header("vary").is_some() && answer.header("cache-control") == Some("private, no-cache"));
        for other in ["https://evil.test", "null", "https://shop.example.test.evil.test", "http://shop.example.test", "https://shop.example.test:8443", "https://SHOP.example.test", ""] {
            let answer = script(&app, &text, other).get(STATUS).await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{other}");
            answer.refused(403, "origin_not_allowed");
        }
        app.anonymous().with("x-api-key", &text).get(STATUS).await.refused(403, "origin_not_allowed");
    }

    async fn a20_a_publishable_key_may_what_everybody_may(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Hidden").await;
        let text = key(&owner, "page").await.text("api_key");
        let page = script(&app, &text, SHOP);
        let report = json!({"service_id": "api", "status": "degraded", "description": "x"});
        page.post("/api/v1/status/events", report).await.refused(403, "permission_needed");
        for own in ["/api/v1/auth/me", "/api/v1/auth/sessions", KEYS, "/api/v1/workspaces"] {
            page.get(own).await.refused(403, "publishable_key");
        }
        for (wrong, code) in [
            (json!({"permissions": ["status:write"], "origins": [SHOP]}), "not_publishable"),
            (json!({"permissions": ["status:read"], "origins": []}), "required"),
            (json!({"permissions": ["status:read"], "origins": ["*"]}), "not_an_origin"),
            (json!({"permissions": ["status:read"], "origins": ["https://a/b"]}), "not_an_origin"),
            (json!({"permissions": ["status:read"], "origins": vec![SHOP; 21]}), "too_long"),
            (json!({"permissions": ["status:read"], "origins": [SHOP], "all_workspaces": true}), "contradiction"),
        ] {
            let mut body = wrong.clone();
            body["name"] = json!("k");
            let answer = owner.post(KEYS, body).await.expect(422);
            assert_eq!(answer.json()["errors"][0]["code"], code, "{wrong}: {}", answer.json());
        }
        let member = app.member("Hidden").await;
        let body = json!({"name": "k", "permissions": ["status:read"], "origins": [SHOP]});
        member.post(KEYS, body).await.refused(403, "permission_needed");
    }

    async fn a41_a_browser_is_told_which_pages_have_a_key(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Hidden").await;
        preflight(&app, SHOP, "x-api-key").await.refused(403, "origin_not_allowed");
        let made = key(&owner, "page").await;
        app.clock().advance(std::time::Duration::from_secs(1));
        let yes = preflight(&app, SHOP, "content-type, X-API-Key").await.expect(204);
        assert_eq!(yes.header("access-control-allow-origin"), Some(SHOP));
        assert_eq!(yes.header("access-control-allow-credentials"), None);
        preflight(&app, SHOP, "authorization").await.refused(403, "origin_not_allowed");
        preflight(&app, "https://evil.test", "x-api-key").await.refused(403, "origin_not_allowed");
        let _ = owner.delete(format!("{KEYS}/{}", made.text("id"))).await.expect(204);
        preflight(&app, SHOP, "x-api-key").await.refused(403, "origin_not_allowed");
        script(&app, &made.text("api_key"), SHOP).get(STATUS).await.refused(401, "api_key_invalid");
    }

    async fn one_visitor_of_a_page_uses_up_nothing_of_the_others(engine: Engine) {
        let settings = "[limits]\npublished = 2\n[identity]\npassword_memory_kib = 64\npassword_passes = 1\n";
        let app = TestApp::with(engine, vec![identity::system(), status::system()], settings).await;
        let owner = app.owner("Hidden").await;
        let text = key(&owner, "page").await.text("api_key");
        let at = |last: u8| script(&app, &text, SHOP).at([203, 0, 113, last]);
        for left in ["1", "0"] {
            assert_eq!(at(1).get(STATUS).await.expect(200).header("x-ratelimit-remaining"), Some(left));
        }
        at(1).get(STATUS).await.refused(429, "rate_limited");
        let _ = at(2).get(STATUS).await.expect(200);
    }
}
