//! How a workspace stands: enabled, suspended, archived, paused, deleted.

use std::time::Duration;

use http::Method;
use serde_json::json;
use testkit::Person;

use super::{KEYS, ME, WORKSPACES, start};

fn any(owner: &Person, tail: &str) -> String {
    format!("/api/v1/installation/workspaces/{}{tail}", owner.workspace)
}

testkit::on_both! {
    async fn a_suspended_workspace_lets_nobody_in_but_says_why(engine: Engine) {
        let app = start(engine).await;
        let (administrator, owner) = (app.administrator().await, app.owner("Small").await);
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let key = app.key(&owner, &["workspace:read"]).await;
        owner.post(any(&owner, "/suspend"), json!({})).await.refused(403, "permission_needed");
        assert_eq!(administrator.post(any(&owner, "/suspend"), json!({})).await.expect(200).text("state"), "suspended");
        owner.get(&here).await.refused(403, "workspace_suspended");
        key.get(&here).await.refused(403, "workspace_suspended");
        owner.patch(&here, json!({"name": "x"})).await.refused(403, "workspace_suspended");
        // About oneself everything goes on, and nothing is left of the rights there.
        let me = owner.get(ME).await.expect(200).json();
        assert_eq!(me["permissions"], json!([]));
        owner.post(KEYS, json!({"name": "k", "permissions": ["workspace:read"]})).await.refused(403, "workspace_suspended");
        owner.get(KEYS).await.refused(403, "workspace_suspended");
        assert_eq!(owner.get(WORKSPACES).await.expect(200).json()["items"][0]["state"], "suspended");
        // The operator gets in, to change it; an outsider still learns nothing.
        let _ = administrator.get(any(&owner, "")).await.expect(200);
        app.owner("Other").await.get(&here).await.refused(404, "not_found");
        assert_eq!(administrator.post(any(&owner, "/resume"), json!({})).await.expect(200).text("state"), "active");
        let _ = owner.get(&here).await.expect(200);
    }

    async fn a_workspace_is_open_in_its_time(engine: Engine) {
        let app = start(engine).await;
        let (administrator, owner) = (app.administrator().await, app.owner("Small").await);
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let at = |hours: u64| app.clock().now().plus(Duration::from_hours(hours)).to_string();
        let (one, two) = (at(1), at(2));
        owner.patch(&here, json!({"enabled_from": two, "enabled_until": one})).await.refused(422, "invalid");
        let _ = owner.patch(&here, json!({"enabled_until": one})).await.expect(200);
        let _ = owner.get(&here).await.expect(200);
        app.clock().advance(Duration::from_hours(1));
        let (administrator, owner) = (app.sign_in(administrator.email).await, app.sign_in(owner.email).await);
        owner.get(&here).await.refused(403, "workspace_disabled");
        owner.patch(&here, json!({"enabled_until": null})).await.refused(403, "workspace_disabled");
        let _ = administrator.patch(any(&owner, ""), json!({"enabled_until": null, "enabled_from": two})).await.expect(200);
        owner.get(&here).await.refused(403, "workspace_disabled");
        app.clock().advance(Duration::from_hours(1));
        let owner = app.sign_in(owner.email).await;
        let _ = owner.get(&here).await.expect(200);
    }

    async fn an_archived_workspace_is_read_and_not_changed(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Small").await, app.member("Small").await);
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        member.post(format!("{here}/archive"), json!({})).await.refused(403, "permission_needed");
        assert_eq!(owner.post(format!("{here}/archive"), json!({})).await.expect(200).text("state"), "archived");
        let _ = member.get(format!("{here}/members")).await.expect(200);
        for (method, tail, body) in [
            (Method::PATCH, "", json!({"name": "x"})),
            (Method::POST, "/roles", json!({"name": "x", "permissions": []})),
            (Method::POST, "/invitations", json!({"email": "x@example.test"})),
            (Method::PATCH, "/settings", json!({"invitation_days": 3})),
            (Method::POST, "/pause", json!({})),
        ] {
            owner.ask(method, format!("{here}{tail}")).json(&body).send().await.refused(403, "workspace_archived");
        }
        owner.post(KEYS, json!({"name": "k", "permissions": ["workspace:read"]})).await.refused(403, "workspace_archived");
        let _ = owner.get(KEYS).await.expect(200);
        // Leaving is one's own affair.
        let _ = member.post(format!("{here}/leave"), json!({})).await.expect(200);
        assert_eq!(owner.post(format!("{here}/restore"), json!({})).await.expect(200).text("state"), "active");
        let _ = owner.patch(&here, json!({"name": "x"})).await.expect(200);
    }

    async fn a_deleted_workspace_comes_back_within_its_grace(engine: Engine) {
        let app = start(engine).await;
        let (owner, admin) = (app.owner("Small").await, app.member("Small").await);
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let _ = owner.patch(format!("{here}/members/{}", admin.id), json!({"role": "admin"})).await.expect(200);
        admin.delete(&here).await.refused(403, "permission_needed");
        let _ = owner.ask(Method::DELETE, &here).header("if-match", "\"99-x\"").send().await.expect(412);
        let _ = owner.delete(&here).await.expect(204);
        let _ = owner.delete(&here).await.expect(204);
        owner.get(&here).await.refused(403, "workspace_deleted");
        let listed = owner.get(WORKSPACES).await.expect(200).json();
        assert_eq!(listed["items"][0]["state"], "deleted");
        assert!(listed["items"][0]["delete_at"].is_string());
        assert_eq!(owner.post(format!("{here}/restore"), json!({})).await.expect(200).text("state"), "active");
        let _ = owner.get(&here).await.expect(200);
        // What is being forgotten does not come back half.
        let _ = owner.delete(&here).await.expect(204);
        app.clock().advance(std::time::Duration::from_hours(24 * 30));
        let owner = app.sign_in(owner.email.clone()).await;
        owner.post(format!("{here}/restore"), json!({})).await.refused(409, "grace_over");
    }

    async fn one_says_where_one_works_by_default(engine: Engine) {
        let app = start(engine).await;
        let (administrator, guest) = (app.administrator().await, app.owner("Other").await);
        let body = json!({"email": guest.email, "role": "member"});
        let _ = administrator.post(format!("{WORKSPACES}/{}/members", administrator.workspace), body).await.expect(201);
        let path = "/api/v1/auth/me/default-workspace";
        assert_eq!(guest.get(ME).await.expect(200).text("workspace_id"), guest.workspace);
        let _ = guest.patch(path, json!({"workspace_id": administrator.workspace})).await.expect(200);
        assert_eq!(guest.get(ME).await.expect(200).text("workspace_id"), administrator.workspace);
        guest.patch(path, json!({"workspace_id": app.owner("Third").await.workspace})).await.refused(404, "not_found");
        let key = app.key(&administrator, &["workspace:read"]).await;
        key.patch(path, json!({"workspace_id": administrator.workspace})).await.refused(403, "person_needed");
    }

    async fn settings_have_a_revision(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let path = format!("{WORKSPACES}/{}/settings", owner.workspace);
        let first = member.get(&path).await.expect(200);
        assert_eq!(first.json()["default_role"], "member");
        member.patch(&path, json!({"invitation_days": 3})).await.refused(403, "permission_needed");
        owner.patch(&path, json!({"invitation_days": 0})).await.refused(422, "invalid");
        let tag = owner.get(&path).await.expect(200).etag();
        let changed = owner.ask(Method::PATCH, &path).header("if-match", &tag).json(&json!({"invitation_days": 2, "default_role": "viewer"}));
        let changed = changed.send().await.expect(200).json();
        assert_eq!((&changed["revision"], &changed["invitation_days"], &changed["default_role"]), (&json!(2), &json!(2), &json!("viewer")));
        let stale = owner.ask(Method::PATCH, &path).header("if-match", &tag).json(&json!({"invitation_days": 3}));
        let _ = stale.send().await.expect(412);
    }
}
