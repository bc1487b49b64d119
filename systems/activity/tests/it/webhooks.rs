//! Webhooks: making them, and what is refused.

use serde_json::{Value, json};
use testkit::{Client, TestApp};
use types::Time;

use crate::house::{start, start_open};

pub(crate) const WEBHOOKS: &str = "/api/v1/webhooks";
const HOOK: &str = "https://hooks.example.com/in";

fn body(url: &str, types: &[&str]) -> Value {
    json!({"url": url, "types": types})
}

/// The code of the one mistake that was found, and where.
async fn mistake(client: &Client, body: Value) -> (String, String) {
    let answer = client.post(WEBHOOKS, body).await;
    answer.clone().refused(422, "invalid");
    let errors = answer.json()["errors"].clone();
    let text = |name: &str| errors[0][name].as_str().unwrap_or_default().to_owned();
    (text("path"), text("code"))
}

testkit::on_both! {
    async fn a_webhook_is_made_changed_and_taken_away(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let full = json!({"url": HOOK, "types": ["member.*", "workspace.updated"], "description": "The register",
            "headers": {"Authorization": "Bearer sesame-sesame"}});
        let made = owner.post(WEBHOOKS, full).await.expect(201);
        let (id, secret) = (made.text("id"), made.text("secret"));
        assert!(id.starts_with("whk_") && secret.starts_with("whsec_"), "{}", made.json());
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let path = format!("{WEBHOOKS}/{id}");
        let read = owner.get(&path).await.expect(200);
        assert_eq!((&read.json()["header_names"], &read.json()["state"]), (&json!(["Authorization"]), &"enabled".into()));
        let everything = owner.get(WEBHOOKS).await.expect(200).json().to_string() + &read.json().to_string();
        assert!(!everything.contains("sesame") && !everything.contains("whsec_"), "{everything}");

        let patch = json!({"types": ["*"], "enabled": false, "headers": {}});
        let changed = owner.ask(http::Method::PATCH, &path).header("if-match", &read.etag()).json(&patch).send().await.expect(200);
        assert_eq!((&changed.json()["types"], &changed.json()["state"], &changed.json()["header_names"]), (&json!(["*"]), &"disabled".into(), &json!([])));
        let stale = owner.ask(http::Method::PATCH, &path).header("if-match", &read.etag()).json(&patch).send().await;
        stale.refused(412, "stale");
        let enabled = owner.post(format!("{path}/enable"), json!({})).await.expect(200);
        assert_eq!(enabled.json()["state"], "enabled");
        let rotated = owner.post(format!("{path}/rotate-secret"), json!({})).await.expect(201);
        assert!(rotated.text("secret") != secret && rotated.text("secret").starts_with("whsec_"));
        assert_eq!(rotated.text("old_secret_until").parse::<Time>().unwrap().since(app.clock().now()).as_secs(), 24 * 3600);

        let timeline = owner.get(format!("{path}/events")).await.expect(200).json().to_string();
        for kind in ["webhook.created", "webhook.updated", "webhook.secret_rotated"] {
            assert!(timeline.contains(kind), "{timeline}");
        }
        assert!(timeline.contains("hooks.example.com") && !timeline.contains("/in") && !timeline.contains("whsec_"), "{timeline}");
        owner.delete(&path).await.expect(204);
        owner.get(&path).await.refused(404, "not_found");
    }

    async fn a_repeated_request_makes_one_webhook_and_shows_the_same_secret(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let ask = || owner.ask(http::Method::POST, WEBHOOKS).key("once").json(&body(HOOK, &["*"]));
        let (first, again) = (ask().send().await.expect(201), ask().send().await.expect(200));
        assert_eq!(first.body, again.body);
        assert_eq!(owner.get(WEBHOOKS).await.expect(200).json()["total"], 1);
    }

    async fn only_so_many_in_a_workspace(engine: Engine) {
        let app = start_open(engine, "[webhooks]\nper_workspace = 2\n").await;
        let owner = app.owner("Main").await;
        for _ in 0..2 {
            owner.post(WEBHOOKS, body(HOOK, &["*"])).await.expect(201);
        }
        let refused = owner.post(WEBHOOKS, body(HOOK, &["*"])).await;
        assert_eq!((&refused.json()["limit"], &refused.json()["used"]), (&2.into(), &2.into()));
        refused.refused(409, "too_many_webhooks");
        app.owner("Other").await.post(WEBHOOKS, body(HOOK, &["*"])).await.expect(201);
    }

    async fn a31_only_public_servers_and_only_https(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for url in ["http://hooks.example.com/", "ftp://hooks.example.com/", "hooks.example.com", "https:/x", "HTTP://x.example/", "javascript:alert(1)"] {
            assert_eq!(mistake(&owner, body(url, &["*"])).await, ("/url".into(), "https_needed".into()), "{url}");
        }
        for url in ["https://127.0.0.1/", "https://10.0.0.1/", "https://user@hooks.example.com/", "https://[::1]/", "https://169.254.169.254/latest", "https://hooks.example.com:22/", "https://2130706433/", "https:///"] {
            assert_eq!(mistake(&owner, body(url, &["*"])).await, ("/url".into(), "refused".into()), "{url}");
        }
        owner.post(WEBHOOKS, body("HTTPS://hooks.example.com/", &["*"])).await.expect(201);
    }

    async fn a33_headers_that_are_not_the_callers_are_refused(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for (name, value, code) in [
            ("X-A", "a\r\nX-Evil: 1", "header_value"),
            ("X-A", "a\nb", "header_value"),
            ("X-A\r\nX-Evil", "1", "header_name"),
            ("Host", "evil.example", "reserved_header"),
            ("webhook-signature", "v1,x", "reserved_header"),
            ("Transfer-Encoding", "chunked", "reserved_header"),
        ] {
            let headers = json!({"url": HOOK, "types": ["*"], "headers": {name: value}});
            assert_eq!(mistake(&owner, headers).await.1, code, "{name:?} {value:?}");
        }
    }

    async fn nobody_subscribes_to_what_they_may_not_read(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let key = app.key(&owner, &["webhooks:manage"]).await;
        for wrong in ["member.added", "member.*", "nothing.at_all", "", "session.created"] {
            assert_eq!(mistake(&key, body(HOOK, &[wrong])).await, ("/types/0".into(), "unknown".into()), "{wrong}");
        }
        key.post(WEBHOOKS, body(HOOK, &["*"])).await.expect(201);
        owner.post(WEBHOOKS, body(HOOK, &["member.added"])).await.expect(201);
        // What belongs to the installation is told to no workspace.
        assert_eq!(mistake(&owner, body(HOOK, &["session.created"])).await.1, "unknown");
    }

    async fn where_it_goes_is_said_by_a_person_with_a_fresh_proof_or_by_a_key(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let id = owner.post(WEBHOOKS, body(HOOK, &["*"])).await.expect(201).text("id");
        let key = app.key(&owner, &["webhooks:manage"]).await;
        app.clock().advance(std::time::Duration::from_mins(10));
        owner.post(WEBHOOKS, body(HOOK, &["*"])).await.refused(403, "step_up_required");
        owner.patch(format!("{WEBHOOKS}/{id}"), json!({"url": "https://evil.example.com"})).await.refused(403, "step_up_required");
        owner.post(format!("{WEBHOOKS}/{id}/rotate-secret"), json!({})).await.refused(403, "step_up_required");
        let _ = owner.post(format!("{WEBHOOKS}/{id}/enable"), json!({})).await.expect(200);
        let _ = key.post(WEBHOOKS, body(HOOK, &["*"])).await.expect(201);
        let _ = owner.delete(format!("{WEBHOOKS}/{id}")).await.expect(204);
    }

    async fn a02_reading_is_not_managing_and_members_do_neither(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let id = owner.post(WEBHOOKS, body(HOOK, &["*"])).await.expect(201).text("id");
        let reader = app.key(&owner, &["webhooks:read"]).await;
        reader.get(format!("{WEBHOOKS}/{id}")).await.expect(200);
        for what in ["test", "rotate-secret", "enable"] {
            reader.post(format!("{WEBHOOKS}/{id}/{what}"), json!({})).await.refused(403, "permission_needed");
        }
        reader.delete(format!("{WEBHOOKS}/{id}")).await.refused(403, "permission_needed");
        member.get(WEBHOOKS).await.refused(403, "permission_needed");
        let other = app.owner("Other").await;
        other.get(format!("{WEBHOOKS}/{id}")).await.refused(404, "not_found");
        assert_eq!(other.get(WEBHOOKS).await.expect(200).json()["total"], 0);
    }
}

/// A webhook of an owner, with its secret.
pub(crate) async fn hook(owner: &Client, url: &str, types: &[&str]) -> (String, String) {
    let made = owner.post(WEBHOOKS, body(url, types)).await.expect(201);
    (made.text("id"), made.text("secret"))
}

/// The deliveries of a webhook, newest first.
pub(crate) async fn deliveries(owner: &Client, id: &str) -> Vec<Value> {
    let page = owner.get(format!("{WEBHOOKS}/{id}/deliveries?page_size=100")).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

/// A delivery with its log.
pub(crate) async fn sheet(owner: &Client, id: &str, delivery: &Value) -> Value {
    let delivery = delivery["id"].as_str().unwrap();
    owner.get(format!("{WEBHOOKS}/{id}/deliveries/{delivery}")).await.expect(200).json()
}

/// The clock of a test stands somewhere; libraries of others look at the machine's.
pub(crate) fn to_this_day(app: &TestApp) {
    app.clock().advance(types::Clock::system().now().since(app.clock().now()));
}
