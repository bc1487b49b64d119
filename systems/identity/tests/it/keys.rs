//! API keys.

use std::time::Duration;

use serde_json::json;
use testkit::{Client, TestApp};

use super::{KEYS, ME, WORKSPACES, item, start};

const READ: &[&str] = &["workspace:read"];

/// A key, its text and its id.
async fn key(owner: &Client, body: serde_json::Value) -> (String, String) {
    let answer = owner.post(KEYS, body).await.expect(201);
    (answer.text("api_key"), answer.text("id"))
}

fn holder(app: &TestApp, text: &str) -> Client {
    app.anonymous().with("x-api-key", text)
}

testkit::on_both! {
    async fn a20_a_key_is_shown_once_and_works(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let answer = owner.post(KEYS, json!({"name": "robot", "permissions": READ, "expires_in_days": 30})).await.expect(201);
        let text = answer.text("api_key");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(text.starts_with(&format!("{}.", answer.text("prefix"))));
        let me = holder(&app, &text).get(ME).await.expect(200).json();
        assert_eq!((me["kind"].as_str(), me["name"].as_str()), (Some("key"), Some("robot")));
        assert_eq!(me["permissions"], json!(READ));
        let list = owner.get(KEYS).await.expect(200);
        assert!(!String::from_utf8_lossy(&list.body).contains(&text[13..]));
        assert_eq!(item(&list.json(), "name", "robot")["prefix"], answer.text("prefix"));
    }

    async fn a20_what_is_almost_a_key_is_refused(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (text, _) = key(&owner, json!({"name": "robot", "permissions": READ})).await;
        let (prefix, secret) = text.split_once('.').expect("two parts");
        let swapped: String = secret.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
        for wrong in [format!("{prefix}.{}", "A".repeat(43)), format!("{prefix}.{swapped}"), prefix.to_owned(), format!("{text}A"), "x".to_owned()] {
            holder(&app, &wrong).get(ME).await.refused(401, "api_key_invalid");
        }
        app.anonymous().get(format!("{ME}?api_key={text}")).await.refused(401, "not_signed_in");
        let _ = holder(&app, &text).get(ME).await.expect(200);
    }

    async fn check_12_an_expired_and_a_revoked_key_are_refused(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (short, _) = key(&owner, json!({"name": "short", "permissions": READ, "expires_in_days": 1})).await;
        let (gone, id) = key(&owner, json!({"name": "gone", "permissions": READ})).await;
        let _ = holder(&app, &gone).get(ME).await.expect(200);
        let _ = owner.delete(format!("{KEYS}/{id}")).await.expect(204);
        let _ = owner.delete(format!("{KEYS}/{id}")).await.expect(204);
        holder(&app, &gone).get(ME).await.refused(401, "api_key_invalid");
        let list = owner.get(KEYS).await.expect(200).json();
        assert!(item(&list, "name", "gone")["revoked_at"].is_string(), "the row is kept: {list}");
        let _ = holder(&app, &short).get(ME).await.expect(200);
        app.clock().advance(Duration::from_hours(24));
        holder(&app, &short).get(ME).await.refused(401, "api_key_expired");
    }

    async fn nobody_gives_a_key_what_they_lack(engine: Engine) {
        let app = start(engine).await;
        app.owner("Main").await;
        let member = app.member("Main").await;
        let ask = |permissions: serde_json::Value| member.post(KEYS, json!({"name": "k", "permissions": permissions}));
        ask(json!(["members:manage"])).await.refused(403, "cannot_grant");
        ask(json!(["workspaces:create"])).await.refused(422, "invalid");
        ask(json!(["*"])).await.refused(422, "invalid");
        ask(json!(["no:such"])).await.refused(422, "invalid");
        ask(json!([])).await.refused(422, "invalid");
        let all = json!({"name": "k", "permissions": READ, "all_workspaces": true});
        member.post(KEYS, all).await.refused(403, "permission_needed");
        let (text, _) = key(&member, json!({"name": "k", "permissions": ["workspace:read", "api_keys:write"]})).await;
        let body = json!({"name": "child", "permissions": READ});
        holder(&app, &text).post(KEYS, body).await.refused(403, "person_needed");
    }

    async fn a_key_never_may_more_than_its_maker(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Main").await);
        let (text, id) = key(&other, json!({"name": "k", "permissions": ["workspace:read", "members:manage"]})).await;
        let _ = holder(&app, &text).get(format!("{WORKSPACES}/{}", owner.workspace)).await.expect(200);
        let _ = owner.delete(format!("{WORKSPACES}/{}/members/{}", owner.workspace, other.id)).await.expect(204);
        holder(&app, &text).get(ME).await.refused(401, "api_key_invalid");
        let list = owner.get(KEYS).await.expect(200).json();
        assert!(item(&list, "id", &id)["revoked_at"].is_string(), "{list}");
        let third = app.owner("Main").await;
        let (text, _) = key(&third, json!({"name": "k", "permissions": READ})).await;
        identity::admin::set_status(app.db(), &third.email, identity::Status::Deactivated).await.expect("a suspension");
        app.clock().advance(Duration::from_secs(1));
        holder(&app, &text).get(ME).await.refused(401, "api_key_invalid");
    }

    async fn a_key_of_the_operators_must_say_where(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let other = app.owner("Other").await;
        let (text, _) = key(&admin, json!({"name": "k", "permissions": ["workspace:read", "workspaces:create"], "all_workspaces": true})).await;
        let nowhere = holder(&app, &text).get(ME).await.expect(200).json();
        assert_eq!(nowhere["workspace_id"], serde_json::Value::Null);
        assert_eq!(nowhere["permissions"], json!([]));
        let there = holder(&app, &text).with("x-workspace-id", "other").get(ME).await.expect(200).json();
        assert_eq!(there["workspace_id"], other.workspace);
        assert_eq!(there["permissions"], json!(READ));
        assert_eq!(there["installation_permissions"], json!(["workspaces:create"]));
        holder(&app, &text).with("x-workspace-id", "none").get(ME).await.refused(403, "workspace_access_denied");
    }

    async fn check_13_the_last_use_is_throttled(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (text, id) = key(&owner, json!({"name": "k", "permissions": READ})).await;
        let used = async || item(&owner.get(KEYS).await.expect(200).json(), "id", &id)["last_used_at"].clone();
        // It is written beside the request, so it may take a moment.
        let changed = async |before: &serde_json::Value| {
            for _ in 0..500 {
                let now = used().await;
                if now != *before {
                    return now;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("it stayed {before}");
        };
        let _ = holder(&app, &text).get(ME).await.expect(200);
        let first = changed(&serde_json::Value::Null).await;
        app.clock().advance(Duration::from_secs(59));
        let _ = holder(&app, &text).get(ME).await.expect(200);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(used().await, first, "59 seconds later it is not written again");
        app.clock().advance(Duration::from_secs(1));
        let _ = holder(&app, &text).get(ME).await.expect(200);
        changed(&first).await;
    }

    async fn a_kept_reply_holds_the_key_again(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let body = json!({"name": "k", "permissions": READ});
        let ask = || owner.ask(http::Method::POST, KEYS).key("once").json(&body);
        let first = ask().send().await.expect(201);
        let again = ask().send().await.expect(200);
        assert_eq!(first.text("api_key"), again.text("api_key"));
        assert_eq!(owner.get(KEYS).await.expect(200).json()["total"], 1);
    }
}
