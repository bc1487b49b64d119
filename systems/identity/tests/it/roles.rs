//! Roles, and who may give which to whom.

use std::time::Duration;

use serde_json::json;
use testkit::{Person, TestApp};

use super::{KEYS, ME, WORKSPACES, start};

/// Somebody in "Main" whose role is set by the owner.
async fn somebody(app: &TestApp, owner: &Person, role: &str) -> Person {
    let person = app.member("Main").await;
    let path = format!("{WORKSPACES}/{}/members/{}", owner.workspace, person.id);
    let _ = owner.patch(path, json!({"role": role})).await.expect(200);
    person
}

testkit::on_both! {
    async fn a_role_is_made_given_changed_and_ended(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let roles = format!("{here}/roles");
        let made = owner.post(&roles, json!({"name": "Recruiter", "permissions": ["members:manage"]})).await.expect(201);
        let role = made.text("id");
        let path = made.header("location").expect("an address").to_owned();
        owner.post(&roles, json!({"name": "RECRUITER", "permissions": []})).await.refused(409, "already_exists");
        owner.post(&roles, json!({"name": "x", "permissions": ["no:such"]})).await.refused(422, "invalid");
        owner.post(&roles, json!({"name": "x", "permissions": ["workspaces:create"]})).await.refused(422, "invalid");
        owner.post(&roles, json!({"name": "x", "permissions": ["*"]})).await.refused(422, "invalid");
        owner.post(&roles, json!({"name": "x"})).await.refused(422, "invalid");
        let recruiter = somebody(&app, &owner, &role).await;
        let me = recruiter.get(ME).await.expect(200).json();
        assert_eq!(me["permissions"], json!(["members:manage", "members:read"]), "what follows is there too: {me}");
        assert_eq!(me["memberships"][0]["role"], role);
        let member = recruiter.get(format!("{here}/members/{}", recruiter.id)).await.expect(200);
        assert_eq!((member.text("role"), member.text("role_name")), (role.clone(), "Recruiter".into()));
        assert_eq!(owner.get(&path).await.expect(200).json()["members"], 1);
        owner.delete(&path).await.refused(409, "role_in_use");
        let stale = owner.ask(http::Method::PATCH, &path).header("if-match", "\"7-x\"").json(&json!({"name": "y"}));
        let _ = stale.send().await.expect(412);
        let _ = owner.patch(&path, json!({"permissions": ["members:read"]})).await.expect(200);
        assert_eq!(recruiter.get(ME).await.expect(200).json()["permissions"], json!(["members:read"]));
        let _ = owner.patch(format!("{here}/members/{}", recruiter.id), json!({"role": "viewer"})).await.expect(200);
        let _ = owner.delete(&path).await.expect(204);
        owner.get(&path).await.refused(404, "not_found");
        owner.patch(format!("{here}/members/{}", recruiter.id), json!({"role": role})).await.refused(422, "invalid");
    }

    async fn nobody_grants_what_they_lack(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let admin = somebody(&app, &owner, "admin").await;
        let other = app.member("Main").await;
        let at = |person: &Person| format!("{here}/members/{}", person.id);
        // By giving a role, to others and to oneself.
        admin.patch(at(&other), json!({"role": "owner"})).await.refused(403, "cannot_grant");
        admin.patch(at(&admin), json!({"role": "owner"})).await.refused(403, "cannot_grant");
        let _ = admin.patch(at(&other), json!({"role": "admin"})).await.expect(200);
        // By inviting, and by what an invitation without a role means.
        let invite = json!({"email": "guest@example.test", "role": "owner"});
        admin.post(format!("{here}/invitations"), invite).await.refused(403, "cannot_grant");
        admin.patch(format!("{here}/settings"), json!({"default_role": "owner"})).await.refused(403, "cannot_grant");
        let _ = owner.patch(format!("{here}/settings"), json!({"default_role": "owner"})).await.expect(200);
        admin.post(format!("{here}/invitations"), json!({"email": "guest@example.test"})).await.refused(403, "cannot_grant");
        // By making a role, and by changing one that others have.
        let all = json!({"name": "All", "permissions": ["workspace:manage"]});
        admin.post(format!("{here}/roles"), all.clone()).await.refused(403, "cannot_grant");
        let role = owner.post(format!("{here}/roles"), all).await.expect(201).text("id");
        let path = format!("{here}/roles/{role}");
        admin.patch(&path, json!({"name": "Less", "permissions": []})).await.refused(403, "cannot_grant");
        admin.delete(&path).await.refused(403, "cannot_grant");
        admin.patch(at(&other), json!({"role": role})).await.refused(403, "cannot_grant");
        let body = json!({"name": "Few", "permissions": ["members:read"]});
        let few = admin.post(format!("{here}/roles"), body).await.expect(201).text("id");
        let more = json!({"permissions": ["members:read", "workspace:manage"]});
        admin.patch(format!("{here}/roles/{few}"), more).await.refused(403, "cannot_grant");
    }

    async fn nobody_touches_who_has_more(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let admin = somebody(&app, &owner, "admin").await;
        let second = app.owner("Main").await;
        for person in [&owner, &second] {
            let path = format!("{here}/members/{}", person.id);
            admin.patch(&path, json!({"role": "viewer"})).await.refused(403, "member_has_more");
            admin.delete(&path).await.refused(403, "member_has_more");
        }
        let _ = owner.patch(format!("{here}/members/{}", second.id), json!({"role": "viewer"})).await.expect(200);
        owner.patch(format!("{here}/members/{}", owner.id), json!({"role": "viewer"})).await.refused(409, "last_owner");
        owner.post(format!("{here}/leave"), json!({})).await.refused(409, "last_owner");
        let _ = second.post(format!("{here}/leave"), json!({})).await.expect(200);
        second.get(&here).await.refused(404, "not_found");
    }

    async fn a_suspended_owner_is_none_to_rely_on(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let gone = app.suspended("Main").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        owner.post(format!("{here}/leave"), json!({})).await.refused(409, "last_owner");
        let _ = owner.delete(format!("{here}/members/{}", gone.id)).await;
    }

    async fn of_64_who_leave_at_once_an_owner_stays(engine: Engine) {
        let app = start(engine).await;
        let mut owners = Vec::new();
        for _ in 0..8 {
            owners.push(app.owner("Main").await);
        }
        let here = format!("{WORKSPACES}/{}", owners[0].workspace);
        let mut asked = Vec::new();
        for at in 0..64 {
            let (one, other) = (owners[at % 8].clone(), owners[(at + 1) % 8].clone());
            let here = here.clone();
            asked.push(tokio::spawn(async move {
                // They leave, demote themselves and take each other out, all at once.
                match at % 3 {
                    0 => one.post(format!("{here}/leave"), json!({})).await,
                    1 => one.patch(format!("{here}/members/{}", one.id), json!({"role": "viewer"})).await,
                    _ => one.delete(format!("{here}/members/{}", other.id)).await,
                }
                .status
                .as_u16()
            }));
        }
        for one in asked {
            let status = one.await.expect("an answer");
            assert!([200, 204, 403, 404, 409, 503].contains(&status), "{status}");
        }
        let administrator = app.administrator().await;
        let members = administrator.get(format!("{here}/members?page_size=100")).await.expect(200).json();
        let left = members["items"].as_array().expect("items").iter().filter(|one| {
            one["role"] == "owner" && one["person_id"] != administrator.id.as_str()
        });
        assert!(left.count() >= 1, "{members}");
    }

    async fn p17_a16_a_change_of_rights_counts_at_once(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let admin = somebody(&app, &owner, "admin").await;
        let body = json!({"name": "k", "permissions": ["members:manage"]});
        let text = admin.post(KEYS, body).await.expect(201).text("api_key");
        let key = app.anonymous().with("x-api-key", &text);
        let _ = key.get(format!("{here}/invitations")).await.expect(200);
        let _ = owner.patch(format!("{here}/members/{}", admin.id), json!({"role": "viewer"})).await.expect(200);
        admin.get(format!("{here}/invitations")).await.refused(403, "permission_needed");
        // The key cannot do more than its maker from that moment on.
        key.get(format!("{here}/invitations")).await.refused(403, "permission_needed");
        app.clock().advance(Duration::from_secs(1));
        key.get(format!("{here}/invitations")).await.refused(403, "permission_needed");
    }
}
