//! Changing settings: at once, together, in one commit with their events.

use config::sections::{Cors, Limits};
use serde_json::json;

use crate::{SETTINGS, Sample, item, start, told};

testkit::on_both! {
    async fn a_change_applies_without_a_restart_and_is_in_the_journal(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let changed =
            admin.patch(SETTINGS, json!({"limits.anonymous": 5, "cors.origins": ["https://a.test"]})).await.expect(200);
        assert_eq!(app.app.settings().get::<Limits>().anonymous, 5);
        assert_eq!(app.app.settings().get::<Cors>().origins, ["https://a.test"]);

        assert_eq!(changed.json()["revision"], 1);
        let anonymous = item(&changed, "limits.anonymous");
        assert_eq!((&anonymous["value"], &anonymous["origin"]), (&json!(5), &json!("database")));
        assert_eq!(anonymous["updated_by"], admin.email);
        let read = admin.get(SETTINGS).await.expect(200);
        assert_eq!((read.json(), read.etag()), (changed.json(), changed.etag()));

        let mut told = told(app.db()).await;
        told.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(told.len(), 2);
        assert_eq!(told[1].0, "limits.anonymous");
        assert_eq!(told[1].1, json!({"revision": 1, "was": 600, "value": 5, "origin": "database"}));
    }

    async fn null_puts_a_setting_back(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let _ = admin.patch(SETTINGS, json!({"limits.signed_in": 5_000_000})).await.expect(200);
        let back = admin.patch(SETTINGS, json!({"limits.signed_in": null})).await.expect(200);
        let setting = item(&back, "limits.signed_in");
        assert_eq!(setting["value"], 1_000_000, "what the file says");
        assert!(setting["origin"].as_str().is_some_and(|origin| origin.starts_with("file ")));
        assert_eq!(back.json()["revision"], 2, "the revision does not fall");
        assert_eq!(app.app.settings().get::<Limits>().signed_in, 1_000_000);
        assert_eq!(told(app.db()).await[1].1["value"], 1_000_000);
    }

    async fn what_is_already_so_is_no_change(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let first = admin.patch(SETTINGS, json!({"limits.anonymous": 5})).await.expect(200);
        for body in [json!({"limits.anonymous": 5}), json!({}), json!({"cors.origins": null})] {
            let same = admin.patch(SETTINGS, body).await.expect(200);
            assert_eq!((same.json(), same.etag()), (first.json(), first.etag()));
        }
        assert_eq!(told(app.db()).await.len(), 1);
    }

    async fn a_secret_is_applied_and_never_shown(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        for secret in ["hunter2-first", "hunter2-second"] {
            let changed = admin.patch(SETTINGS, json!({"sample.key": secret})).await.expect(200);
            assert_eq!(item(&changed, "sample.key")["value"], "[secret]");
            assert!(!String::from_utf8_lossy(&changed.body).contains("hunter2"));
            assert_eq!(app.app.settings().get::<Sample>().key.expose(), secret);
        }
        let told = told(app.db()).await;
        assert_eq!(told[1], ("sample.key".to_owned(), json!({"revision": 2})));
    }

    async fn two_changes_at_once_are_both_kept(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let (one, two) = tokio::join!(
            admin.patch(SETTINGS, json!({"limits.anonymous": 5})),
            admin.patch(SETTINGS, json!({"sample.number": 7})),
        );
        let revisions = [one.expect(200).json()["revision"].clone(), two.expect(200).json()["revision"].clone()];
        assert!(revisions.contains(&json!(1)) && revisions.contains(&json!(2)), "{revisions:?}");
        let settings = app.app.settings();
        assert_eq!((settings.get::<Limits>().anonymous, settings.get::<Sample>().number), (5, 7));
    }

    async fn a_retry_is_answered_and_changes_nothing(engine: Engine) {
        let app = start(engine).await;
        let admin = app.administrator().await;
        let change = |number: u32| {
            admin.ask(http::Method::PATCH, SETTINGS).key("k1").json(&json!({"sample.number": number})).send()
        };
        let first = change(7).await.expect(200);
        let _ = admin.patch(SETTINGS, json!({"sample.number": 8})).await.expect(200);
        let again = change(7).await.expect(200);
        assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &first.body));
        assert_eq!(app.app.settings().get::<Sample>().number, 8);
        change(9).await.refused(422, "idempotency_mismatch");
    }
}
