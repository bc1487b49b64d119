//! Workspaces and their members.

use serde_json::json;

use super::{ME, WORKSPACES, item, start};

testkit::on_both! {
    async fn a_workspace_is_made_named_and_found(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let made = admin.post(WORKSPACES, json!({"name": "Caf\u{e9} Nord"})).await.expect(201);
        assert_eq!(made.text("slug"), "cafe-nord");
        let path = made.header("location").expect("an address").to_owned();
        assert_eq!(admin.get(&path).await.expect(200).etag(), made.etag());
        assert_eq!(admin.post(WORKSPACES, json!({"name": "Caf\u{e9} Nord"})).await.expect(201).text("slug"), "cafe-nord-2");
        admin.post(WORKSPACES, json!({"name": "x", "slug": "cafe-nord"})).await.refused(409, "slug_taken");
        admin.post(WORKSPACES, json!({"name": "x", "slug": "Not A Slug"})).await.refused(422, "invalid");
        admin.post(WORKSPACES, json!({"name": "x", "id": "wsp_1"})).await.refused(422, "invalid");
        let renamed = admin.patch(&path, json!({"name": "Nord", "slug": "nord"})).await.expect(200);
        assert_eq!((renamed.text("name"), renamed.text("slug")), ("Nord".into(), "nord".into()));
        let stale = admin.ask(http::Method::PATCH, &path).header("if-match", &made.etag()).json(&json!({"name": "y"}));
        let _ = stale.send().await.expect(412);
        let here = admin.client.clone().with("x-workspace-id", "nord").get(ME).await.expect(200);
        assert_eq!(here.text("workspace_id"), renamed.text("id"));
        assert_eq!(admin.get(WORKSPACES).await.expect(200).json()["total"], 3);
    }

    async fn making_a_workspace_needs_the_permission(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        owner.post(WORKSPACES, json!({"name": "Mine"})).await.refused(403, "permission_needed");
    }

    async fn a_member_reads_and_an_owner_changes(engine: Engine) {
        let app = start(engine).await;
        let (owner, member, outsider) = (app.owner("Main").await, app.member("Main").await, app.owner("Other").await);
        let path = format!("{WORKSPACES}/{}", owner.workspace);
        let _ = member.get(&path).await.expect(200);
        member.patch(&path, json!({"name": "x"})).await.refused(403, "permission_needed");
        let _ = owner.patch(&path, json!({"name": "Named"})).await.expect(200);
        outsider.get(&path).await.refused(404, "not_found");
        outsider.patch(&path, json!({"name": "x"})).await.refused(404, "not_found");
    }

    async fn members_come_and_go(engine: Engine) {
        let app = start(engine).await;
        // Only who may know about accounts takes people in without asking them.
        let (owner, guest) = (app.administrator().await, app.owner("Other").await);
        let path = format!("{WORKSPACES}/{}/members", owner.workspace);
        let body = |role: &str| json!({"email": guest.email.to_uppercase(), "role": role});
        let added = owner.post(&path, body("member")).await.expect(201);
        assert_eq!(added.text("person_id"), guest.id);
        owner.post(&path, body("member")).await.refused(409, "already_member");
        owner.post(&path, json!({"email": "nobody@example.test", "role": "member"})).await.refused(422, "invalid");
        owner.post(&path, json!({"email": guest.email, "role": "king"})).await.refused(422, "invalid");
        guest.post(&path, body("owner")).await.refused(403, "permission_needed");
        let there = guest.client.clone().with("x-workspace-id", "main");
        assert_eq!(there.get(ME).await.expect(200).text("workspace_id"), owner.workspace);
        assert_eq!(item(&guest.get(&path).await.expect(200).json(), "person_id", &guest.id)["role"], "member");
        let _ = owner.delete(format!("{path}/{}", guest.id)).await.expect(204);
        there.get(ME).await.refused(403, "workspace_access_denied");
        guest.get(&path).await.refused(404, "not_found");
        owner.delete(format!("{path}/{}", guest.id)).await.refused(404, "not_found");
    }

    async fn who_has_an_account_is_told_to_nobody_who_lacks_the_right(engine: Engine) {
        let app = start(engine).await;
        let (owner, guest) = (app.owner("Main").await, app.owner("Other").await);
        let path = format!("{WORKSPACES}/{}/members", owner.workspace);
        for email in [guest.email.as_str(), "nobody@example.test"] {
            owner.post(&path, json!({"email": email, "role": "member"})).await.refused(403, "permission_needed");
        }
    }

    async fn a_code_is_short_and_belongs_to_one(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let at = |id: &str| format!("{WORKSPACES}/{id}");
        let coded = owner.patch(at(&owner.workspace), json!({"code": "MAIN1"})).await.expect(200);
        assert_eq!((coded.text("code"), coded.text("state")), ("MAIN1".into(), "active".into()));
        other.patch(at(&other.workspace), json!({"code": "MAIN1"})).await.refused(409, "code_taken");
        other.patch(at(&other.workspace), json!({"slug": "main"})).await.refused(409, "slug_taken");
        other.patch(at(&other.workspace), json!({"code": "no code"})).await.refused(422, "invalid");
        let _ = owner.patch(at(&owner.workspace), json!({"code": null})).await.expect(200);
        let _ = other.patch(at(&other.workspace), json!({"code": "MAIN1"})).await.expect(200);
    }

    async fn the_last_owner_stays(engine: Engine) {
        let app = start(engine).await;
        let (one, other) = (app.owner("Main").await, app.owner("Main").await);
        let path = format!("{WORKSPACES}/{}/members", one.workspace);
        // Two owners who take each other out at once: one of them stays.
        let (a, b) = (one.client.clone(), other.client.clone());
        let (a_path, b_path) = (format!("{path}/{}", other.id), format!("{path}/{}", one.id));
        let first = tokio::spawn(async move { a.delete(a_path).await.status.as_u16() });
        let second = tokio::spawn(async move { b.delete(b_path).await.status.as_u16() });
        let mut answers = [first.await.expect("an answer"), second.await.expect("an answer")];
        answers.sort_unstable();
        assert_eq!(answers[0], 204, "{answers:?}");
        assert!([403, 404, 409].contains(&answers[1]), "{answers:?}");
        let left = if one.get(&path).await.status.is_success() { &one } else { &other };
        left.delete(format!("{path}/{}", left.id)).await.refused(409, "last_owner");
    }

    async fn the_default_moves_when_it_is_left(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.administrator().await, app.owner("Other").await);
        let guest = app.member("Other").await;
        let body = json!({"email": guest.email, "role": "member"});
        let _ = owner.post(format!("{WORKSPACES}/{}/members", owner.workspace), body).await.expect(201);
        let home = guest.get(ME).await.expect(200).text("workspace_id");
        assert_eq!(home, other.workspace);
        let _ = other.delete(format!("{WORKSPACES}/{home}/members/{}", guest.id)).await.expect(204);
        assert_eq!(guest.get(ME).await.expect(200).text("workspace_id"), owner.workspace);
        let _ = owner.delete(format!("{WORKSPACES}/{}/members/{}", owner.workspace, guest.id)).await.expect(204);
        let me = guest.get(ME).await.expect(200).json();
        assert_eq!((&me["workspace_id"], &me["memberships"]), (&serde_json::Value::Null, &json!([])));
    }
}
