//! What is listed, for whom, and with which tag.

use serde_json::json;

use crate::{SETTINGS, item, start};

testkit::on_both! {
    async fn what_may_change_is_listed_with_where_it_comes_from(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let all = admin.get(SETTINGS).await.expect(200);
        assert_eq!(all.json()["revision"], 0);
        let keys = all.json()["items"].to_string();
        assert!(!keys.contains("database.url") && !keys.contains("server.listen"), "{keys}");

        let anonymous = item(&all, "limits.anonymous");
        assert_eq!((&anonymous["value"], &anonymous["default"]), (&json!(600), &json!(600)));
        assert_eq!(anonymous["origin"], "default");
        assert_eq!(anonymous["locked_by"], json!(null));
        assert_eq!(anonymous["updated_at"], json!(null));
        assert!(anonymous["help"].as_str().is_some_and(|help| help.starts_with("Requests of one network")));
        let signed_in = item(&all, "limits.signed_in");
        assert!(signed_in["origin"].as_str().is_some_and(|origin| origin.ends_with("settings.toml:2")), "{signed_in}");
        assert_eq!(item(&all, "limits.refresh")["locked_by"], "env MAINSTAY_LIMITS_REFRESH");
        assert_eq!(item(&all, "log.level")["locked_by"], "flag --log-level");
    }

    async fn the_tag_holds_until_something_changes(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let tag = admin.get(SETTINGS).await.expect(200).etag();
        let asked = |tag: &str| admin.ask(http::Method::GET, SETTINGS).header("if-none-match", tag).send();
        assert!(asked(&tag).await.expect(304).body.is_empty());
        let changed = admin.patch(SETTINGS, json!({"limits.anonymous": 5})).await.expect(200);
        assert_eq!(asked(&tag).await.expect(200).etag(), changed.etag());
    }

    async fn only_who_may_manage_the_installation_sees_or_changes_settings(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let member = app.member("Main").await;
        for client in [&owner.client, &member.client] {
            assert_eq!(client.get(SETTINGS).await.status, 403);
            assert_eq!(client.patch(SETTINGS, json!({"limits.anonymous": 5})).await.status, 403);
        }
        app.anonymous().get(SETTINGS).await.refused(401, "not_signed_in");
        app.anonymous().patch(SETTINGS, json!({"limits.anonymous": 5})).await.refused(401, "not_signed_in");
        assert_eq!(app.app.settings().get::<config::sections::Limits>().anonymous, 600);
    }
}
