//! Giving a workspace to another owner.

use http::Method;
use serde_json::json;

use super::{WORKSPACES, start};

testkit::on_both! {
    async fn both_have_to_agree(engine: Engine) {
        let app = start(engine).await;
        let (owner, member, other) = (app.owner("Main").await, app.member("Main").await, app.member("Main").await);
        let outsider = app.owner("Other").await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let (path, accept) = (format!("{here}/transfer"), format!("{here}/transfer/accept"));
        let offer = |to: &testkit::Person| json!({"person_id": to.id});
        member.post(&path, offer(&other)).await.refused(403, "permission_needed");
        owner.post(&path, offer(&outsider)).await.refused(422, "invalid");
        owner.post(&path, offer(&owner)).await.refused(422, "invalid");
        owner.get(&path).await.refused(404, "not_found");
        let _ = owner.post(&path, offer(&member)).await.expect(201);
        other.post(&accept, json!({})).await.refused(404, "not_found");
        other.delete(&path).await.refused(403, "owner_needed");
        assert_eq!(member.get(&path).await.expect(200).text("to"), member.id);
        let _ = member.delete(&path).await.expect(204);
        member.post(&accept, json!({})).await.refused(404, "not_found");
        let _ = owner.post(&path, offer(&member)).await.expect(201);
        let mut asked = Vec::new();
        for _ in 0..64 {
            let (member, accept) = (member.client.clone(), accept.clone());
            asked.push(tokio::spawn(async move { member.post(accept, json!({})).await.status.as_u16() }));
        }
        let mut accepted = 0;
        for one in asked {
            match one.await.expect("an answer") {
                200 => accepted += 1,
                status => assert!([404, 503].contains(&status), "{status}"),
            }
        }
        assert_eq!(accepted, 1);
        assert_eq!(owner.get(format!("{here}/members/{}", owner.id)).await.expect(200).text("role"), "admin");
        assert_eq!(owner.get(format!("{here}/members/{}", member.id)).await.expect(200).text("role"), "owner");
        owner.post(&path, offer(&other)).await.refused(403, "permission_needed");
    }

    async fn whoever_it_is_offered_to_can_answer_whatever_their_role_allows(engine: Engine) {
        let app = start(engine).await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let (path, accept) = (format!("{here}/transfer"), format!("{here}/transfer/accept"));
        let role = owner.post(format!("{here}/roles"), json!({"name": "Guest", "permissions": []})).await.expect(201).text("id");
        let _ = owner.patch(format!("{here}/members/{}", member.id), json!({"role": role})).await.expect(200);
        let offer = json!({"person_id": member.id});
        member.post(&accept, json!({})).await.refused(404, "not_found");
        let _ = owner.post(&path, offer.clone()).await.expect(201);
        let _ = member.delete(&path).await.expect(204);
        let _ = owner.post(&path, offer).await.expect(201);
        // Nothing changes in a workspace that is archived, this neither.
        let _ = owner.post(format!("{here}/archive"), json!({})).await.expect(200);
        member.post(&accept, json!({})).await.refused(403, "workspace_archived");
        member.delete(&path).await.refused(403, "workspace_archived");
        let _ = owner.post(format!("{here}/restore"), json!({})).await.expect(200);
        app.key(&owner, &["members:read"]).await.post(&accept, json!({})).await.refused(403, "person_needed");
        let _ = member.post(&accept, json!({})).await.expect(200);
        assert_eq!(owner.get(format!("{here}/members/{}", member.id)).await.expect(200).text("role"), "owner");
    }

    async fn an_offer_ends_with_the_account_of_the_owner_and_is_withdrawn_as_it_was_seen(engine: Engine) {
        let app = start(engine).await;
        let (owner, second, member) = (app.owner("Main").await, app.owner("Main").await, app.member("Main").await);
        let administrator = app.administrator().await;
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let offer = format!("{here}/transfer");
        let first = owner.post(&offer, json!({"person_id": member.id})).await.expect(201);
        let tag = first.header("etag").expect("a tag").to_owned();
        app.clock().advance(std::time::Duration::from_secs(1));
        let _ = second.post(&offer, json!({"person_id": member.id})).await.expect(201);
        let _ = owner.ask(Method::DELETE, &offer).header("if-match", &tag).send().await.expect(412);
        let _ = administrator.post(format!("/api/v1/people/{}/deactivate", second.id), json!({})).await.expect(200);
        member.post(format!("{here}/transfer/accept"), json!({})).await.refused(403, "owner_needed");
        let _ = owner.delete(&offer).await.expect(204);
    }

    async fn an_offer_ends_with_its_time_and_with_the_owner(engine: Engine) {
        let app = start(engine).await;
        let (owner, second, member) = (app.owner("Main").await, app.owner("Main").await, app.member("Main").await);
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let accept = format!("{here}/transfer/accept");
        let _ = owner.post(format!("{here}/transfer"), json!({"person_id": member.id})).await.expect(201);
        let _ = second.patch(format!("{here}/members/{}", owner.id), json!({"role": "viewer"})).await.expect(200);
        member.post(&accept, json!({})).await.refused(403, "owner_needed");
        let _ = second.post(format!("{here}/transfer"), json!({"person_id": member.id})).await.expect(201);
        app.clock().advance(std::time::Duration::from_hours(24 * 7));
        let member = app.sign_in(member.email.clone()).await;
        member.post(&accept, json!({})).await.refused(404, "not_found");
    }
}
