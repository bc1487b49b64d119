//! Programs that a workspace lets in, and their keys.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Client, Person, TestApp};

use super::{KEYS, ME, SESSIONS, WORKSPACES, item, start};

const ACCOUNTS: &str = "/api/v1/service-accounts";

async fn account(owner: &Client, permissions: &[&str]) -> String {
    let answer =
        owner.post(ACCOUNTS, json!({"name": "importer", "permissions": permissions})).await.expect(201);
    assert_eq!(answer.header("location"), Some(format!("{ACCOUNTS}/{}", answer.text("id")).as_str()));
    answer.text("id")
}

/// A key of an account: whoever holds it, and its id.
async fn holder(app: &TestApp, owner: &Client, account: &str, permissions: &[&str]) -> (Client, String) {
    let body = json!({"name": "k", "permissions": permissions, "service_account_id": account});
    let answer = owner.post(KEYS, body).await.expect(201);
    assert_eq!(answer.text("service_account_id"), account);
    (app.anonymous().with("x-api-key", &answer.text("api_key")), answer.text("id"))
}

async fn take_out(owner: &Person, whom: &Person) {
    let path = format!("{WORKSPACES}/{}/members/{}", owner.workspace, whom.id);
    let _ = owner.delete(path).await.expect(204);
}

testkit::on_both! {
    async fn check_12_a_service_account_acts_by_its_keys_in_its_workspace(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let id = account(&owner, &["workspace:read", "members:read"]).await;
        let (program, _) = holder(&app, &owner, &id, &["workspace:read", "members:read"]).await;
        let me = program.get(ME).await.expect(200).json();
        assert_eq!((me["kind"].as_str(), me["workspace_id"].as_str()), (Some("key"), Some(owner.workspace.as_str())));
        let _ = program.get(format!("{WORKSPACES}/{}/members", owner.workspace)).await.expect(200);
        program.patch(format!("{WORKSPACES}/{}", owner.workspace), json!({"name": "x"})).await.refused(403, "permission_needed");
        program.get(format!("{WORKSPACES}/{}", other.workspace)).await.refused(404, "not_found");
        program.clone().with("x-workspace-id", "other").get(ME).await.refused(403, "workspace_mismatch");
        let _ = program.clone().with("x-workspace-id", "main").get(ME).await.expect(200);
        // It cannot sign in, has no sessions, and makes no keys.
        program.get(SESSIONS).await.refused(403, "person_needed");
        program.post(KEYS, json!({"name": "k", "permissions": ["workspace:read"]})).await.refused(403, "person_needed");
        program.post(ACCOUNTS, json!({"name": "k", "permissions": ["workspace:read"]})).await.refused(403, "permission_needed");
    }

    async fn a_service_account_outlives_whoever_made_it(engine: Engine) {
        let app = start(engine).await;
        let (owner, maker) = (app.owner("Main").await, app.owner("Main").await);
        let id = account(&maker, &["workspace:read"]).await;
        let (program, _) = holder(&app, &maker, &id, &["workspace:read"]).await;
        take_out(&owner, &maker).await;
        identity::admin::set_status(app.db(), &maker.email, identity::Status::Deactivated).await.expect("a suspension");
        app.clock().advance(Duration::from_secs(1));
        let _ = program.get(ME).await.expect(200);
    }

    async fn check_12_one_that_is_disabled_is_refused_until_it_is_let_in_again(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let id = account(&owner, &["workspace:read", "members:read"]).await;
        let (program, key) = holder(&app, &owner, &id, &["workspace:read", "members:read"]).await;
        let path = format!("{ACCOUNTS}/{id}");
        let off = owner.patch(&path, json!({"disabled": true})).await.expect(200);
        assert!(off.json()["disabled_at"].is_string());
        program.get(ME).await.refused(401, "api_key_invalid");
        let on = owner.patch(&path, json!({"disabled": false, "name": "exporter", "permissions": ["workspace:read"]})).await.expect(200);
        assert_eq!((on.text("name").as_str(), &on.json()["disabled_at"]), ("exporter", &Value::Null));
        assert_eq!(program.get(ME).await.expect(200).json()["permissions"], json!(["workspace:read"]), "less than the key says");
        let stale = owner.ask(http::Method::PATCH, &path).header("if-match", "\"1-x\"").json(&json!({"name": "y"}));
        stale.send().await.refused(412, "stale");
        let _ = owner.delete(&path).await.expect(204);
        program.get(ME).await.refused(401, "api_key_invalid");
        for method in [http::Method::GET, http::Method::DELETE] {
            owner.ask(method, &path).send().await.refused(404, "not_found");
        }
        let keys = owner.get(KEYS).await.expect(200).json();
        assert!(item(&keys, "id", &key)["revoked_at"].is_string(), "{keys}");
        assert_eq!(owner.get(ACCOUNTS).await.expect(200).json()["total"], 0);
    }

    async fn nobody_lets_a_program_do_what_they_may_not(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let member = app.member("Main").await;
        member.get(ACCOUNTS).await.refused(403, "permission_needed");
        for wrong in [json!([]), json!(["no:such"]), json!(["workspaces:create"])] {
            owner.post(ACCOUNTS, json!({"name": "k", "permissions": wrong})).await.refused(422, "invalid");
        }
        let id = account(&owner, &["workspace:read"]).await;
        let ask = |body: Value| owner.post(KEYS, body);
        let more = json!({"name": "k", "permissions": ["members:read"], "service_account_id": id});
        ask(more).await.refused(422, "invalid");
        let two = json!({"name": "k", "permissions": ["workspace:read"], "service_account_id": id, "all_workspaces": true});
        ask(two).await.refused(422, "invalid");
        let none = json!({"name": "k", "permissions": ["workspace:read"], "service_account_id": format!("sva_{}", "0".repeat(26))});
        ask(none).await.refused(422, "invalid");
        let own = json!({"name": "k", "permissions": ["workspace:read"], "service_account_id": id});
        member.post(KEYS, own).await.refused(403, "permission_needed");
        let elsewhere = app.owner("Other").await;
        let theirs = json!({"name": "k", "permissions": ["workspace:read"], "service_account_id": id});
        elsewhere.post(KEYS, theirs).await.refused(422, "invalid");
        for wrong in [json!({"name": null}), json!({"permissions": []}), json!({"permissions": ["no:such"]}), json!({"disabled": null}), json!({"workspace_id": "x"})] {
            owner.patch(format!("{ACCOUNTS}/{id}"), wrong).await.refused(422, "invalid");
        }
    }

    async fn check_13_a_key_tells_when_and_from_where_it_was_used(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let id = account(&owner, &["workspace:read"]).await;
        let (program, key) = holder(&app, &owner, &id, &["workspace:read"]).await;
        let _ = program.at([198, 51, 100, 7]).get(ME).await.expect(200);
        for _ in 0..500 {
            let keys = owner.get(KEYS).await.expect(200).json();
            let row = item(&keys, "id", &key);
            if row["last_used_at"].is_string() {
                assert_eq!(row["last_used_ip"], "198.51.100.7");
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the use was never noted");
    }
}
