//! The profile of whoever asks.

use serde_json::json;

use super::{ME, start};

testkit::on_both! {
    async fn a_person_sees_themselves_and_changes_their_name(engine: Engine) {
        let app = start(engine).await;
        app.owner("Main").await;
        let member = app.member("Main").await;
        let me = member.get(ME).await.expect(200);
        assert_eq!(me.json()["memberships"][0]["role"], "member");
        assert_eq!(me.json()["permissions"], json!(["api_keys:write", "members:read", "workspace:read"]));
        assert_eq!(me.json()["installation_permissions"], json!([]));
        let client = &member.client;
        let _ = client.ask(http::Method::GET, ME).header("if-none-match", &me.etag()).send().await.expect(304);
        let patch = |name: &str| client.ask(http::Method::PATCH, ME).header("if-match", &me.etag()).json(&json!({"name": name}));
        let renamed = patch("  New Name ").send().await.expect(200);
        assert_eq!(renamed.text("name"), "New Name");
        assert_eq!(client.get(ME).await.expect(200).etag(), renamed.etag());
        let _ = patch("Again").send().await.expect(412);
        client.patch(ME, json!({"name": ""})).await.refused(422, "invalid");
        client.patch(ME, json!({"name": "a\u{2028}b"})).await.refused(422, "invalid");
        client.patch(ME, json!({"email": "new@example.test"})).await.refused(422, "invalid");
        client.patch(ME, json!({"role": "owner"})).await.refused(422, "invalid");
    }

    async fn a08_the_tag_of_a_profile_is_its_owners_alone(engine: Engine) {
        let app = start(engine).await;
        let (one, two) = (app.member("Main").await, app.member("Main").await);
        let tag = one.get(ME).await.expect(200).etag();
        let answer = two.ask(http::Method::GET, ME).header("if-none-match", &tag).send().await.expect(200);
        assert_eq!(answer.text("id"), two.id);
        assert_ne!(answer.etag(), tag);
    }
}
