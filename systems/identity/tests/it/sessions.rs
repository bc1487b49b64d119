//! The list of one's sessions, and ending them.

use serde_json::{Value, json};

use super::{ME, SESSIONS, item, pair, start};

testkit::on_both! {
    async fn check_26_sessions_are_listed_and_ended(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (access, _) = pair(&app, &owner.email).await;
        let other = app.anonymous().bearer(&access);
        let page = owner.get(SESSIONS).await.expect(200).json();
        assert_eq!(page["total"], 2);
        let own = item(&page, "id", page["items"][0]["id"].as_str().unwrap_or_default());
        assert!(own["device"].is_string() && own["revoked_at"].is_null(), "{own}");
        let current: Vec<_> = page["items"].as_array().into_iter().flatten().filter(|one| one["is_current"] == true).collect();
        assert_eq!(current.len(), 1);
        let theirs = page["items"].as_array().into_iter().flatten().find(|one| one["is_current"] == false);
        let theirs = theirs.and_then(|one| one["id"].as_str()).expect("another session").to_owned();
        let path = format!("{SESSIONS}/{theirs}/revoke");
        assert_eq!(owner.post(&path, Value::Null).await.expect(200).json(), json!({"status": "ok"}));
        let _ = owner.post(&path, Value::Null).await.expect(200);
        other.get(ME).await.refused(401, "token_invalid");
        let _ = owner.get(ME).await.expect(200);
        let page = owner.get(SESSIONS).await.expect(200).json();
        assert!(item(&page, "id", &theirs)["revoked_at"].is_string());
    }

    async fn check_26_anothers_session_is_not_there(engine: Engine) {
        let app = start(engine).await;
        let (one, other) = (app.owner("Main").await, app.owner("Main").await);
        let page = one.get(SESSIONS).await.expect(200).json();
        let id = page["items"][0]["id"].as_str().expect("an id").to_owned();
        other.post(format!("{SESSIONS}/{id}/revoke"), Value::Null).await.refused(404, "not_found");
        other.post(format!("{SESSIONS}/ses_01j00000000000000000000000/revoke"), Value::Null).await.refused(404, "not_found");
        other.post(format!("{SESSIONS}/nonsense/revoke"), Value::Null).await.refused(404, "not_found");
        let _ = one.get(ME).await.expect(200);
    }

    async fn check_26_revoking_the_others_keeps_this_one(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (a, b) = (pair(&app, &owner.email).await.0, pair(&app, &owner.email).await.0);
        let answer = owner.post(format!("{SESSIONS}/revoke-others"), Value::Null).await.expect(200);
        assert_eq!(answer.json(), json!({"revoked_count": 2}));
        for token in [a, b] {
            app.anonymous().bearer(&token).get(ME).await.refused(401, "token_invalid");
        }
        let _ = owner.get(ME).await.expect(200);
        let answer = owner.post("/api/v1/auth/logout-all", Value::Null).await.expect(200);
        assert_eq!(answer.json(), json!({"revoked_count": 1}));
        owner.get(ME).await.refused(401, "token_invalid");
    }

    async fn check_26_a_device_has_the_name_that_its_person_gives_it(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let page = owner.get(SESSIONS).await.expect(200).json();
        let path = format!("{SESSIONS}/{}", page["items"][0]["id"].as_str().expect("an id"));
        let was = owner.get(&path).await.expect(200);
        assert_eq!((was.text("device").as_str(), &was.json()["is_current"]), ("unknown", &json!(true)));
        let now = owner.patch(&path, json!({"device": " Kitchen tablet "})).await.expect(200);
        assert_eq!(now.text("device"), "Kitchen tablet");
        assert_eq!(owner.get(&path).await.expect(200).json(), now.json());
        for wrong in [json!(null), json!(""), json!("a\nb"), json!("x".repeat(81))] {
            owner.patch(&path, json!({"device": wrong})).await.refused(422, "invalid");
        }
        let stale = owner.ask(http::Method::PATCH, &path).header("if-match", "\"1-x\"").json(&json!({"device": "y"}));
        stale.send().await.refused(412, "stale");
        let id = path.rsplit('/').next().expect("an id");
        assert_eq!(crate::events(&app, id).await, ["session.created", "session.updated"]);
    }

    async fn sessions_are_paged_both_ways(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        for _ in 0..4 {
            pair(&app, &owner.email).await;
        }
        let page = owner.get(format!("{SESSIONS}?page=2&page_size=2")).await.expect(200).json();
        assert_eq!((page["total"].as_i64(), page["pages"].as_i64()), (Some(5), Some(3)));
        let first = owner.get(format!("{SESSIONS}?limit=3")).await.expect(200);
        assert_eq!(first.json()["items"].as_array().map(Vec::len), Some(3));
        let next = owner.get(format!("{SESSIONS}?limit=3&cursor={}", first.text("next_cursor"))).await.expect(200);
        assert_eq!(next.json()["items"].as_array().map(Vec::len), Some(2));
    }
}
