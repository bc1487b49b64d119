//! The first administrator.

use http::Method;
use serde_json::json;
use std::time::Duration;
use testkit::{Client, TestApp};

use super::{ME, PASSWORD, start, token};

const SETUP: &str = "/api/v1/setup";
const HALF_AN_HOUR: Duration = Duration::from_mins(30);

fn body(token: &str) -> serde_json::Value {
    json!({"token": token, "email": "admin@example.test", "password": PASSWORD, "workspace": "Main Hall"})
}

async fn link(app: &TestApp) -> String {
    let link = identity::setup_link(&app.app, "http://127.0.0.1:8080/", HALF_AN_HOUR).await.expect("a link");
    link.strip_prefix("http://127.0.0.1:8080/setup?token=").expect("an address").to_owned()
}

async fn form(client: &Client, fields: &[(&str, &str)]) -> testkit::Answer {
    client.ask(Method::POST, "/setup").form(fields).send().await
}

testkit::on_both! {
    async fn check_18_setup_works_once(engine: Engine) {
        let app = start(engine).await;
        let token_text = link(&app).await;
        let made = app.anonymous().post(SETUP, body(&token_text)).await.expect(201);
        assert_eq!(made.text("workspace_slug"), "main-hall");
        assert_eq!(made.header("cache-control"), Some("no-store"));
        app.anonymous().post(SETUP, body(&token_text)).await.refused(409, "already_set_up");
        let _ = app.anonymous().get("/setup").await.expect(409);
        assert!(identity::setup_link(&app.app, "http://x", HALF_AN_HOUR).await.is_err());
        let access = token(&app.anonymous(), "admin@example.test", PASSWORD).await.expect(200).text("access_token");
        let me = app.anonymous().bearer(&access).get(ME).await.expect(200).json();
        assert_eq!(me["memberships"][0]["role"], "owner");
        let all = me["installation_permissions"].as_array().map(Vec::len).unwrap_or_default();
        assert!(all >= 3, "{me}");
    }

    async fn a21_only_the_newest_token_works_and_not_for_long(engine: Engine) {
        let app = start(engine).await;
        let old = link(&app).await;
        let new = link(&app).await;
        for wrong in [old.as_str(), "", "guess"] {
            app.anonymous().post(SETUP, body(wrong)).await.refused(403, "setup_token_invalid");
        }
        app.clock().advance(HALF_AN_HOUR);
        app.anonymous().post(SETUP, body(&new)).await.refused(403, "setup_token_invalid");
    }

    async fn a21_sixty_four_setups_at_once_make_one_administrator(engine: Engine) {
        let app = start(engine).await;
        let token_text = link(&app).await;
        let copies = (0..64).map(|n| {
            let client = app.anonymous();
            let mut body = body(&token_text);
            body["email"] = json!(format!("admin{n}@example.test"));
            tokio::spawn(async move { client.post(SETUP, body).await.status.as_u16() })
        });
        let mut made = 0;
        for answer in copies.collect::<Vec<_>>() {
            match answer.await.expect("an answer") {
                201 => made += 1,
                409 | 403 | 503 => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(made, 1);
    }

    async fn the_form_shows_mistakes_and_keeps_what_was_typed(engine: Engine) {
        let app = start(engine).await;
        let token_text = link(&app).await;
        let shown = app.anonymous().get(format!("/setup?token={token_text}")).await.expect(200);
        let html = String::from_utf8_lossy(&shown.body).into_owned();
        assert!(html.contains(&token_text) && !html.contains("<script"), "{html}");
        assert_eq!(shown.header("referrer-policy"), Some("strict-origin"));
        assert_eq!(shown.header("cache-control"), Some("no-store"));
        let policy = shown.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
        let own = app.anonymous().with("host", "127.0.0.1:8080").with("origin", "http://127.0.0.1:8080");
        let fields = |password| [("token", token_text.as_str()), ("email", "admin@example.test"), ("password", password), ("workspace", "<b>")];
        let again = form(&own, &fields("too short")).await.expect(422);
        let html = String::from_utf8_lossy(&again.body).into_owned();
        assert!(html.contains("admin@example.test") && html.contains("&lt;b&gt;") && html.contains("at least 12"), "{html}");
        assert!(!html.contains("too short"), "the password is not shown again");
        let _ = form(&own, &fields(PASSWORD)).await.expect(201);
    }

    async fn a17_a_form_of_another_site_is_refused(engine: Engine) {
        let app = start(engine).await;
        let token_text = link(&app).await;
        let fields = [("token", token_text.as_str()), ("email", "admin@example.test"), ("password", PASSWORD), ("workspace", "Main")];
        let at = || app.anonymous().with("host", "127.0.0.1:8080");
        let _ = form(&at(), &fields).await.expect(403);
        let _ = form(&at().with("origin", "null"), &fields).await.expect(403);
        let _ = form(&at().with("origin", "https://evil.test"), &fields).await.expect(403);
        let own = at().with("origin", "http://127.0.0.1:8080");
        let _ = form(&own.clone().with("sec-fetch-site", "cross-site"), &fields).await.expect(403);
        let _ = own.ask(Method::POST, "/setup").raw("text/plain", "token=x").send().await.expect(415);
        let _ = form(&own, &fields).await.expect(201);
    }

    async fn the_start_page_says_what_this_is(engine: Engine) {
        let app = start(engine).await;
        let page = app.anonymous().get("/").await.expect(200);
        let html = String::from_utf8_lossy(&page.body).into_owned();
        assert!(html.contains("Mainstay") && html.contains(env!("CARGO_PKG_VERSION")), "{html}");
    }
}
