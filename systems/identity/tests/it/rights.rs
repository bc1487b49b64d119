//! Who may what: the acceptance checks of tenancy and of 401, 403 and 404.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testkit::{Client, Person, TestApp};

use super::{KEYS, ME, WORKSPACES, start};

/// Everything of a workspace that is listed, read or changed, by its address and a body.
async fn calls(owner: &Person, member: &Person) -> Vec<(Method, String, Value)> {
    let here = format!("{WORKSPACES}/{}", owner.workspace);
    let body = json!({"name": "Auditor", "permissions": ["members:read"]});
    let role = owner.post(format!("{here}/roles"), body).await.expect(201).text("id");
    let body = json!({"email": "guest@example.test", "role": "viewer"});
    let invitation = owner.post(format!("{here}/invitations"), body).await.expect(201).text("id");
    [
        (Method::GET, "", json!(null)),
        (Method::PATCH, "", json!({"name": "Taken"})),
        (Method::GET, "/members", json!(null)),
        (Method::GET, &format!("/members/{}", member.id), json!(null)),
        (Method::PATCH, &format!("/members/{}", member.id), json!({"role": "viewer"})),
        (Method::GET, "/roles", json!(null)),
        (Method::GET, &format!("/roles/{role}"), json!(null)),
        (Method::PATCH, &format!("/roles/{role}"), json!({"name": "Taken"})),
        (Method::GET, "/invitations", json!(null)),
        (Method::GET, &format!("/invitations/{invitation}"), json!(null)),
        (Method::GET, "/settings", json!(null)),
        (Method::PATCH, "/settings", json!({"invitation_days": 2})),
        (Method::GET, "/limits", json!(null)),
    ]
    .map(|(method, tail, body)| (method, format!("{here}{tail}"), body))
    .to_vec()
}

async fn call(client: &Client, (method, path, body): &(Method, String, Value)) -> testkit::Answer {
    let ask = client.ask(method.clone(), path);
    if body.is_null() { ask.send().await } else { ask.json(body).send().await }
}

/// The members, the roles, the invitations and the names: what must be as before.
async fn all(owner: &Person) -> Vec<Value> {
    let here = format!("{WORKSPACES}/{}", owner.workspace);
    let mut seen = Vec::new();
    for tail in ["", "/members", "/roles", "/invitations", "/settings"] {
        seen.push(owner.get(format!("{here}{tail}")).await.expect(200).json());
    }
    seen
}

testkit::on_both! {
    async fn p17_rights_that_went_while_the_body_came_are_gone(engine: Engine) {
        let app = start(engine).await;
        let (owner, second) = (app.owner("Main").await, app.owner("Main").await);
        let accounts = "/api/v1/service-accounts";
        let asks = [(accounts, json!({"name": "spy", "permissions": ["members:read"]})), (KEYS, json!({"name": "spy", "permissions": ["members:read"]}))];
        for (path, body) in &asks {
            let quick = second.ask(Method::POST, *path).json(body).send_after(std::future::ready(()));
            let _ = quick.await.expect(201);
        }
        let (tell, told) = tokio::sync::watch::channel(false);
        let slow = asks.map(|(path, body)| {
            let mut told = told.clone();
            let wait = async move {
                let _ = told.wait_for(|told| *told).await;
            };
            tokio::spawn(second.ask(Method::POST, path).json(&body).send_after(wait))
        });
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        let _ = owner.delete(format!("{WORKSPACES}/{}/members/{}", owner.workspace, second.id)).await.expect(204);
        tell.send_replace(true);
        for answer in slow {
            let answer = answer.await.expect("an answer");
            assert!([401, 403, 404].contains(&answer.status.as_u16()), "{} {}", answer.status, answer.json());
        }
    }

    async fn check_01_two_accounts_find_nothing_of_each_other(engine: Engine) {
        let app = start(engine).await;
        let mut houses = Vec::new();
        for name in ["One", "Two"] {
            let (owner, member) = (app.owner(name).await, app.member(name).await);
            let calls = calls(&owner, &member).await;
            let permissions = ["workspace:manage", "members:manage", "roles:manage"];
            let key = app.key(&owner, &permissions).await;
            houses.push((owner, key, calls));
        }
        for (mine, theirs) in [(0, 1), (1, 0)] {
            let (owner, key, _) = &houses[mine];
            let before = all(&houses[theirs].0).await;
            for one in &houses[theirs].2 {
                for client in [&owner.client, key] {
                    let refused = call(client, one).await.expect(404);
                    assert_eq!(refused.code(), "not_found", "{one:?}");
                }
                // Naming the other account changes nothing; no context at all is refused.
                let named = owner.client.clone().with("x-workspace-id", &houses[theirs].0.workspace);
                call(&named, one).await.refused(403, "workspace_access_denied");
                let named = key.clone().with("x-workspace-id", &houses[theirs].0.workspace);
                call(&named, one).await.refused(403, "workspace_mismatch");
                call(&app.anonymous(), one).await.refused(401, "not_signed_in");
            }
            assert_eq!(all(&houses[theirs].0).await, before);
            let listed = owner.get(WORKSPACES).await.expect(200).json();
            assert!(!listed.to_string().contains(&houses[theirs].0.workspace), "{listed}");
        }
    }

    async fn check_12_each_gets_401_403_404_or_what_is_theirs(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let mut people = Vec::new();
        for role in ["admin", "member", "viewer"] {
            let person = app.member("Main").await;
            let _ = owner.patch(format!("{here}/members/{}", person.id), json!({"role": role})).await.expect(200);
            people.push((role, person));
        }
        let clients = clients(&app, &owner, &people).await;
        // What each is answered: a read, a change of the admin's, a change of the owner's, a thing of another workspace.
        let elsewhere = format!("{WORKSPACES}/{}", app.owner("Other").await.workspace);
        let asked = [
            (Method::GET, format!("{here}/members"), Value::Null),
            (Method::PATCH, here.clone(), json!({"name": "Main"})),
            (Method::POST, format!("{here}/resume"), Value::Null),
            (Method::GET, elsewhere, Value::Null),
        ];
        for (who, client, expected) in clients {
            for (one, status) in asked.iter().zip(expected) {
                let answer = call(&client, one).await;
                assert_eq!(answer.status.as_u16(), status, "{who}: {one:?}: {}", String::from_utf8_lossy(&answer.body));
                if status == 403 {
                    assert_eq!(answer.code(), "permission_needed", "{who}: {one:?}");
                    assert!(answer.json()["permission"].is_string(), "it says what is lacking");
                }
            }
        }
    }

    async fn a02_cve_2026_30228_a_lower_role_and_a_key_that_reads_change_nothing(engine: Engine) {
        let app = start(engine).await;
        let (owner, viewer) = (app.owner("Main").await, app.member("Main").await);
        let member = app.member("Main").await;
        let calls = calls(&owner, &member).await;
        let path = format!("{WORKSPACES}/{}/members/{}", owner.workspace, viewer.id);
        let _ = owner.patch(path, json!({"role": "viewer"})).await.expect(200);
        let read_only = app.key(&owner, &["workspace:read", "members:read"]).await;
        let before = all(&owner).await;
        for one in &calls {
            let expected = if one.0 == Method::GET && !one.1.contains("/invitations") { 200 } else { 403 };
            for client in [&viewer.client, &read_only] {
                let _ = call(client, one).await.expect(expected);
            }
        }
        assert_eq!(all(&owner).await, before);
    }

    async fn a03_a_workspace_in_the_body_is_refused(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        for (tail, mut body) in [
            ("/roles", json!({"name": "x", "permissions": []})),
            ("/invitations", json!({"email": "x@example.test"})),
        ] {
            body["workspace_id"] = json!(other.workspace);
            owner.post(format!("{here}{tail}"), body).await.refused(422, "invalid");
        }
        let role = other.post(format!("{WORKSPACES}/{}/roles", other.workspace), json!({"name": "x", "permissions": []}));
        let role = role.await.expect(201).text("id");
        // A role of another workspace is none here.
        owner.get(format!("{here}/roles/{role}")).await.refused(404, "not_found");
        let body = json!({"email": "x@example.test", "role": role});
        owner.post(format!("{here}/invitations"), body).await.refused(422, "invalid");
        owner.patch(format!("{here}/settings"), json!({"default_role": role})).await.refused(422, "invalid");
        owner.patch(format!("{here}/members/{}", owner.id), json!({"role": role})).await.refused(422, "invalid");
    }

    async fn a04_what_was_not_asked_for_is_not_taken(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        for name in ["id", "version", "state", "delete_at", "suspended_at", "archived_at", "paused", "created_at", "limits"] {
            let mut body = json!({"name": "x"});
            body[name] = json!("x");
            owner.patch(&here, body).await.refused(422, "invalid");
        }
        let answer = owner.get(&here).await.expect(200);
        assert_eq!((answer.text("name"), answer.text("state")), ("Main".into(), "active".into()));
        for name in ["token", "token_hash", "state", "invited_by", "expires_at", "workspace_id"] {
            let mut body = json!({"email": "x@example.test"});
            body[name] = json!("x");
            owner.post(format!("{here}/invitations"), body).await.refused(422, "invalid");
        }
    }
}

/// Who asks, and what they are answered.
async fn clients(
    app: &TestApp,
    owner: &Person,
    people: &[(&'static str, Person)],
) -> Vec<(&'static str, Client, [u16; 4])> {
    let expired =
        owner.post(KEYS, json!({"name": "k", "permissions": ["members:read"], "expires_in_days": 1}));
    let expired = app.anonymous().with("x-api-key", &expired.await.expect(201).text("api_key"));
    app.clock().advance(Duration::from_hours(24));
    let owner = app.sign_in(owner.email.clone()).await;
    let mut all = vec![
        ("owner", owner.client.clone(), [200, 200, 200, 404]),
        ("outsider", app.owner("Third").await.client, [404, 404, 404, 404]),
        ("anonymous", app.anonymous(), [401, 401, 401, 401]),
        ("key", app.key(&owner, &["members:read"]).await, [200, 403, 403, 404]),
        (
            "key that renames",
            app.key(&owner, &["members:read", "workspace:write"]).await,
            [200, 200, 403, 404],
        ),
        ("expired key", expired, [401, 401, 401, 401]),
        ("suspended", app.suspended("Main").await.client, [401, 401, 401, 401]),
    ];
    for (role, person) in people {
        let expected = match *role {
            "admin" => [200, 200, 403, 404],
            _ => [200, 403, 403, 404],
        };
        all.push((role, app.sign_in(person.email.clone()).await.client, expected));
    }
    let _ = all[0].1.get(ME).await.expect(200);
    all
}
