//! What a workspace may have.

use serde_json::{Value, json};

use super::{KEYS, ME, WORKSPACES, start};

fn limit<'v>(all: &'v Value, name: &str) -> &'v Value {
    all["limits"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name)).expect("a limit")
}

testkit::on_both! {
    async fn a_workspace_is_held_to_what_the_operator_set(engine: Engine) {
        let app = start(engine).await;
        let administrator = app.administrator().await;
        let owner = app.owner("Small").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let any = format!("/api/v1/installation/workspaces/{}/limits", owner.workspace);
        owner.patch(&any, json!({"members": 1_000})).await.refused(403, "permission_needed");
        administrator.patch(&any, json!({"members": -1})).await.refused(422, "invalid");
        let body = json!({"members": 1, "api_keys": 1, "custom_roles": 1, "pending_invitations": 1});
        let set = administrator.patch(&any, body).await.expect(200).json();
        assert_eq!(limit(&set, "members"), &json!({"name": "members", "limit": 1, "used": 1, "own": true}));
        let key = json!({"name": "k", "permissions": ["workspace:read"]});
        let _ = owner.post(KEYS, key.clone()).await.expect(201);
        let role = |name: &str| json!({"name": name, "permissions": []});
        let _ = owner.post(format!("{here}/roles"), role("One")).await.expect(201);
        let invitation = |email: &str| json!({"email": email});
        let _ = owner.post(format!("{here}/invitations"), invitation("one@example.test")).await.expect(201);
        for (path, body) in [
            (KEYS.to_owned(), key), (format!("{here}/roles"), role("Two")), (format!("{here}/invitations"), invitation("two@example.test")),
        ] {
            let refused = owner.post(path, body).await.expect(409).json();
            assert_eq!((&refused["code"], &refused["limit"], &refused["used"]), (&json!("limit_reached"), &json!(1), &json!(1)), "{refused}");
        }
        let shown = owner.get(format!("{here}/limits")).await.expect(200).json();
        assert_eq!(limit(&shown, "custom_roles")["used"], 1);
        let back = administrator.patch(&any, json!({"custom_roles": null})).await.expect(200).json();
        assert_eq!((&limit(&back, "custom_roles")["limit"], &limit(&back, "custom_roles")["own"]), (&json!(100), &json!(false)));
        let _ = owner.post(format!("{here}/roles"), role("Two")).await.expect(201);
    }

    async fn of_64_roles_at_once_no_more_are_made_than_there_may_be(engine: Engine) {
        let app = start(engine).await;
        let (administrator, owner) = (app.administrator().await, app.owner("Small").await);
        let any = format!("/api/v1/installation/workspaces/{}/limits", owner.workspace);
        let _ = administrator.patch(&any, json!({"custom_roles": 3})).await.expect(200);
        let roles = format!("{WORKSPACES}/{}/roles", owner.workspace);
        let mut asked = Vec::new();
        for at in 0..64 {
            let (owner, roles) = (owner.client.clone(), roles.clone());
            let body = json!({"name": format!("Role {at}"), "permissions": []});
            asked.push(tokio::spawn(async move { owner.post(roles, body).await.status.as_u16() }));
        }
        let mut made = 0;
        for one in asked {
            made += usize::from(one.await.expect("an answer") == 201);
        }
        let there = owner.get(&roles).await.expect(200).json()["total"].clone();
        assert!(made <= 3 && there == made, "{made} were answered, {there} are there");
        assert!(made >= 1);
    }

    async fn p22_the_requests_of_one_workspace_leave_the_others_alone(engine: Engine) {
        let app = start(engine).await;
        let (administrator, owner, second) = (app.administrator().await, app.owner("Small").await, app.owner("Small").await);
        let other = app.owner("Other").await;
        let any = format!("/api/v1/installation/workspaces/{}/limits", owner.workspace);
        let _ = administrator.patch(&any, json!({"requests_a_minute": 5})).await.expect(200);
        for left in (0..5).rev() {
            let answer = owner.get(ME).await.expect(200);
            assert_eq!(answer.header("x-ratelimit-remaining"), Some(left.to_string().as_str()));
        }
        let refused = second.get(ME).await.expect(429);
        assert_eq!(refused.header("x-ratelimit-limit"), Some("5"));
        assert!(refused.header("retry-after").is_some());
        let _ = other.get(ME).await.expect(200);
        let used = administrator.get(&any).await.expect(200).json();
        assert_eq!(limit(&used, "requests_a_minute")["used"], 5);
        app.clock().advance(std::time::Duration::from_mins(1));
        let _ = second.get(ME).await.expect(200);
    }
}
