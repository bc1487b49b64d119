//! What is refused, and what is said about it.

use config::sections::Limits;
use serde_json::{Value, json};
use testkit::Answer;

use crate::{SETTINGS, start, told};

/// Where the mistakes are.
fn paths(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    let mut paths: Vec<_> = errors.iter().filter_map(|e| e["path"].as_str().map(str::to_owned)).collect();
    paths.sort();
    paths
}

testkit::on_both! {
    async fn every_mistake_is_told_and_nothing_is_changed(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let refused = admin
            .patch(SETTINGS, json!({
                "limits.anonymous": 5,
                "limits.sign_in": "many",
                "cors.origins": ["http://a.test"],
                "journal.kep": "1d",
                "server.listen": "0.0.0.0:1",
                "database.url": null,
                "sample.key": "file:/etc/shadow",
            }))
            .await
            .expect(422);
        let expected =
            ["/cors.origins", "/database.url", "/journal.kep", "/limits.sign_in", "/sample.key", "/server.listen"];
        // What a section concludes is told once its values are sound.
        assert!(paths(&refused).iter().all(|path| expected.contains(&path.as_str())), "{}", refused.json());
        assert_eq!(paths(&refused).len(), 6, "{}", refused.json());
        assert_eq!(refused.code(), "settings_invalid");
        assert!(refused.json().to_string().contains("did you mean `journal.keep`?"));
        assert_eq!(app.app.settings().get::<Limits>().anonymous, 600);
        assert!(told(app.db()).await.is_empty());
        assert_eq!(admin.get(SETTINGS).await.json()["revision"], 0);
    }

    async fn a_locked_setting_says_by_what(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let refused = admin.patch(SETTINGS, json!({"limits.refresh": 5, "limits.anonymous": 6})).await;
        assert_eq!(refused.json()["locked_by"], "env MAINSTAY_LIMITS_REFRESH");
        assert_eq!(paths(&refused), ["/limits.refresh"]);
        refused.refused(409, "setting_locked");
        let flag = admin.patch(SETTINGS, json!({"log.level": "debug"})).await;
        assert_eq!(flag.json()["locked_by"], "flag --log-level");
        flag.refused(409, "setting_locked");
        assert_eq!(app.app.settings().get::<Limits>().anonymous, 600);
    }

    async fn a_stale_picture_is_refused(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let tag = admin.get(SETTINGS).await.etag();
        let change = |tag: &str, value: u32| {
            let ask = admin.ask(http::Method::PATCH, SETTINGS).header("if-match", tag);
            ask.json(&json!({"limits.anonymous": value})).send()
        };
        let fresh = change(&tag, 5).await.expect(200);
        change(&tag, 6).await.refused(412, "stale");
        assert_eq!(app.app.settings().get::<Limits>().anonymous, 5);
        let _ = change(&fresh.etag(), 6).await.expect(200);
        let _ = change("*", 7).await.expect(200);
    }

    async fn a29_a_body_that_is_no_object_of_settings_is_refused(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        for body in [json!([]), json!(null), json!("x"), json!([["limits.anonymous", 5]])] {
            assert_eq!(admin.patch(SETTINGS, body).await.status, 422);
        }
        let raw = |text: &'static str| {
            admin.ask(http::Method::PATCH, SETTINGS).raw("application/merge-patch+json", text).send()
        };
        assert_eq!(raw(r#"{"limits.anonymous":5,"limits.anonymous":6}"#).await.status, 422);
        assert_eq!(raw("{").await.status, 400);
        let deep = |value: Value| admin.patch(SETTINGS, json!({"limits.anonymous": value}));
        for value in [json!({"a": {}}), json!([1]), json!(1e308), json!(-1), json!("5"), json!(true)] {
            assert_eq!(paths(&deep(value).await.expect(422)), ["/limits.anonymous"]);
        }
        let odd = admin.patch(SETTINGS, json!({"a/b~c\n": 1})).await.expect(422);
        assert_eq!(paths(&odd), ["/a~1b~0c\\n"]);
        let _ = raw(r#"{"limits.anonymous":5}"#).await.expect(200);
    }
}
