//! What an operator does with providers.

use serde_json::{Value, json};

use super::{Hostile, JUST_IN_TIME, PROVIDERS, SSO, begin, come_back, house, sign_in};

fn body(name: &str, issuer: &str) -> Value {
    json!({"name": name, "issuer": issuer, "client_id": "mainstay", "client_secret": "a secret", "provisioning": "just_in_time"})
}

testkit::on_both! {
    async fn an_operator_makes_a_provider_and_people_sign_in_there(engine: Engine) {
        let provider = Hostile::start().await;
        let other = Hostile::start().await;
        let app = house(engine, &other, "title = \"In the file\"").await;
        let operator = app.administrator().await;
        let made = operator.post(PROVIDERS, body("made", &provider.issuer())).await.expect(201);
        assert_eq!(made.header("location"), Some("/api/v1/sso/providers/made"));
        let shown = made.json();
        assert_eq!(shown["callback_url"], "http://127.0.0.1:8080/api/v1/auth/sso/made/callback");
        assert_eq!((&shown["managed_by"], &shown["scopes"]), (&json!("database"), &json!(["openid", "email", "profile"])));
        let public = app.anonymous().get(SSO).await.expect(200).json();
        assert_eq!(public, json!({"items": [
            {"name": "idp", "title": "In the file", "login_url": "/api/v1/auth/sso/idp/login"},
            {"name": "made", "title": "made", "login_url": "/api/v1/auth/sso/made/login"}]}));
        let begun = begin(&app, "made", "").await;
        provider.began(&begun.location);
        provider.goes_by(app.clock().clone());
        let query = format!("code=a-code&state={}", begun.param("state"));
        come_back(&app, "made", &query, &begun.cookie).await.expect(200);
        assert_eq!(provider.complaints(), Vec::<String>::new(), "the secret was opened and sent");
        assert_eq!(crate::events(&app, "made").await, ["sso_provider.created"]);
    }

    async fn no_secret_is_ever_given_back(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let operator = app.administrator().await;
        let mut made = body("made", "https://idp.example.test");
        made["client_secret"] = json!("not-to-be-seen");
        let answer = operator.post(PROVIDERS, made).await.expect(201);
        let patched = operator.patch(format!("{PROVIDERS}/made"), json!({"title": "Other"})).await.expect(200);
        let one = operator.get(format!("{PROVIDERS}/made")).await.expect(200);
        let all = operator.get(PROVIDERS).await.expect(200);
        for answer in [answer, patched, one, all] {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!text.contains("not-to-be-seen") && !text.contains("a secret") && !text.contains("client_secret"), "{text}");
        }
        let read = app.db().read((), |rx, ()| Box::pin(async move {
            let mut row = rx.row("SELECT client_secret FROM sso_providers", &[]).await?.expect("a row");
            Ok(row.take::<Vec<u8>>(0)?)
        }));
        let kept = read.await.expect("a secret");
        assert!(!kept.windows(6).any(|bytes| bytes == b"not-to"), "it is kept as it is");
    }

    async fn a_secret_is_sent_to_no_other_issuer(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let operator = app.administrator().await;
        operator.post(PROVIDERS, body("made", "https://idp.example.test")).await.expect(201);
        let one = format!("{PROVIDERS}/made");
        let answer = operator.patch(&one, json!({"issuer": "https://evil.example.test"})).await;
        assert_eq!(answer.json()["errors"][0]["path"], "/client_secret");
        answer.refused(422, "invalid");
        operator.patch(&one, json!({"issuer": "https://new.example.test", "client_secret": "another"})).await.expect(200);
        operator.patch(&one, json!({"client_secret": null, "issuer": "https://public.example.test"})).await.expect(200);
    }

    async fn what_a_provider_can_not_be_is_refused(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let operator = app.administrator().await;
        for (field, value) in [
            ("name", json!("Upper")), ("name", json!("a/b")), ("name", json!("")), ("name", json!("..")), ("name", json!("a".repeat(41))),
            ("issuer", json!("http://idp.example.test")), ("issuer", json!("https://a@idp.example.test")), ("issuer", json!("file:///x")),
            ("client_id", json!("")), ("client_id", json!("a\nb")), ("client_secret", json!("a\u{0}b")), ("scopes", json!(["email"])),
            ("scopes", json!(["openid", "a b"])), ("domains", json!(["exa mple.test"])), ("domains", json!(["@example.test"])),
            ("role", json!("owner")), ("role", json!("admin")), ("role", json!("emperor")), ("provisioning", json!("on")), ("workspace", json!("nowhere")),
            ("title", json!("a\r\nb")),
        ] {
            let mut wrong = body("made", "https://idp.example.test");
            wrong[field] = value.clone();
            let answer = operator.post(PROVIDERS, wrong).await;
            assert_eq!(answer.status.as_u16(), 422, "{field}: {value}: {}", answer.json());
        }
        // A31: an issuer inside is refused when it is set, too.
        operator.post(PROVIDERS, body("made", "http://127.0.0.1:8080")).await.refused(422, "outbound_refused");
        operator.post(PROVIDERS, body("made", "https://169.254.169.254")).await.refused(422, "outbound_refused");
        let owner = app.owner("Main").await;
        let mut made = body("made", "https://idp.example.test");
        made["workspace"] = json!("main");
        // An admin comes from a named domain, and not from wherever anybody can have an account.
        made["role"] = json!("admin");
        made["domains"] = json!(["example.test"]);
        assert_eq!(operator.post(PROVIDERS, made.clone()).await.expect(201).json()["workspace"], json!(owner.workspace));
        operator.post(PROVIDERS, made).await.refused(409, "provider_exists");
        operator.patch(format!("{PROVIDERS}/made"), json!({"domains": []})).await.refused(422, "invalid");
    }

    async fn providers_of_the_file_are_shown_and_changed_there(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let operator = app.administrator().await;
        let shown = operator.get(format!("{PROVIDERS}/idp")).await.expect(200).json();
        assert_eq!((&shown["managed_by"], &shown["provisioning"]), (&json!("file"), &json!("just_in_time")));
        operator.patch(format!("{PROVIDERS}/idp"), json!({"enabled": false})).await.refused(409, "provider_in_file");
        operator.delete(format!("{PROVIDERS}/idp")).await.refused(409, "provider_in_file");
        operator.post(PROVIDERS, body("idp", "https://evil.example.test")).await.refused(409, "provider_in_file");
        sign_in(&app, &provider).await.expect(200);
    }

    async fn one_that_is_switched_off_or_taken_away_lets_nobody_in(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        provider.goes_by(app.clock().clone());
        let operator = app.administrator().await;
        operator.post(PROVIDERS, body("made", &provider.issuer())).await.expect(201);
        let one = format!("{PROVIDERS}/made");
        let tag = operator.get(&one).await.expect(200).etag();
        let begun = begin(&app, "made", "").await;
        provider.began(&begun.location);
        let off = operator.patch(&one, json!({"enabled": false})).await.expect(200);
        assert_ne!(off.etag(), tag);
        let query = format!("code=a-code&state={}", begun.param("state"));
        // Whoever was on the way when it was switched off is not let in.
        come_back(&app, "made", &query, &begun.cookie).await.refused(404, "not_found");
        let stale = operator.ask(http::Method::DELETE, &one).header("if-match", &tag).send().await;
        assert_eq!(stale.status.as_u16(), 412);
        operator.delete(&one).await.expect(204);
        operator.get(&one).await.refused(404, "not_found");
        assert_eq!(crate::events(&app, "made").await, ["sso_provider.created", "sso_provider.deleted", "sso_provider.updated"]);
    }
}

#[test]
fn the_settings_file_is_read_strictly_and_shows_no_secret() {
    let sections = web::sections(&[identity::system()]);
    let read = |text: &str| config::Settings::of_text(&sections, &format!("[sso.providers.idp]\n{text}"));
    let good = read("issuer = \"https://idp.example\"\nclient_id = \"a\"\nclient_secret = \"sesame\"\n")
        .expect("settings");
    let shown = format!("{good:?}");
    assert!(shown.contains("https://idp.example") && !shown.contains("sesame"), "{shown}");
    for wrong in [
        "client_id = \"a\"",
        "issuer = \"https://idp.example\"",
        "issuer = \"http://idp.example\"\nclient_id = \"a\"",
        "issuer = \"https://idp.example\"\nclient_id = \"a\"\nsecret = \"sesame\"",
        "issuer = \"https://idp.example\"\nclient_id = \"a\"\nclient_secret = [\"sesame\"]",
        "issuer = \"https://idp.example\"\nclient_id = \"a\"\nclient_secret = \"file:relative\"",
        "issuer = \"https://idp.example\"\nclient_id = \"a\"\nrole = \"owner\"",
        "issuer = \"https://idp.example\"\nclient_id = \"a\"\nrole = \"admin\"\nprovisioning = \"just_in_time\"",
        "issuer = \"https://idp.example\"\nclient_id = \"a\"\nscopes = [\"email\"]",
        "issuer = \"https://idp.example\"\nclient_id = \"a\"\nenabled = \"yes\"",
    ] {
        let said = read(wrong).expect_err(wrong).to_string();
        assert!(said.contains("sso.providers") && !said.contains("sesame"), "{wrong}: {said}");
    }
}
