//! The plain pages where mailed links lead.

use http::Method;
use serde_json::json;
use testkit::{Answer, Client, TestApp};

use super::letters::{letter, open_house, token as opened};
use super::{ME, PASSWORD, token};

const ADA: &str = "ada@example.test";

/// A browser on our own pages.
fn browser(app: &TestApp) -> Client {
    app.anonymous().with("host", "house.test").with("origin", "https://house.test")
}

async fn send(client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    client.ask(Method::POST, path).form(fields).send().await
}

fn html(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

testkit::on_both! {
    async fn a_registration_is_completed_on_a_page_and_looking_uses_nothing_up(engine: Engine) {
        let app = open_house(engine).await;
        let _ = app.anonymous().post("/api/v1/auth/register", json!({"email": ADA})).await.expect(202);
        let link = opened(&letter(&app, ADA, "Your account", 1).await);
        for _ in 0..3 {
            // A scanner of mails: it looks at the page, with and without what stands behind #.
            let page = app.anonymous().get("/verify-email").await.expect(200);
            assert!(html(&page).contains("name=\"token\""), "{}", html(&page));
            assert_eq!(page.header("cache-control"), Some("no-store"));
            let policy = page.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("script-src 'self'") && policy.contains("default-src 'none'"), "{policy}");
        }
        let easy = send(&browser(&app), "/verify-email", &[("token", &link), ("name", ""), ("password", "password1234")]).await.expect(422);
        assert!(html(&easy).contains(&link) && !html(&easy).contains("password1234"), "{}", html(&easy));
        let made = send(&browser(&app), "/verify-email", &[("token", &link), ("name", " "), ("password", PASSWORD)]).await.expect(200);
        assert!(html(&made).contains("You can sign in") && !html(&made).contains("<script"), "{}", html(&made));
        let _ = token(&app.anonymous(), ADA, PASSWORD).await.expect(200);
        let again = send(&browser(&app), "/verify-email", &[("token", &link), ("name", ""), ("password", PASSWORD)]).await.expect(403);
        assert!(html(&again).contains("does not work"), "{}", html(&again));
    }

    async fn the_other_links_have_pages_too(engine: Engine) {
        let app = open_house(engine).await;
        app.owner("Main").await;
        let member = app.member("Main").await;
        let body = json!({"email": "new@example.test", "password": PASSWORD});
        let _ = member.post("/api/v1/auth/change-email", body).await.expect(202);
        for (to, said) in [(member.email.as_str(), "still has to agree"), ("new@example.test", "has the new address now")] {
            let link = opened(&letter(&app, to, "Another address", 1).await);
            let page = send(&browser(&app), "/confirm-email", &[("token", &link)]).await.expect(200);
            assert!(html(&page).contains(said), "{}", html(&page));
        }
        let _ = app.anonymous().post("/api/v1/auth/reset-password-request", json!({"email": "new@example.test"})).await.expect(202);
        let link = opened(&letter(&app, "new@example.test", "A new password", 1).await);
        let fields = [("token", link.as_str()), ("password", "another horse altogether")];
        let _ = send(&browser(&app), "/reset-password", &fields).await.expect(200);
        let access = token(&app.anonymous(), "new@example.test", "another horse altogether").await.expect(200).text("access_token");
        let member = app.anonymous().bearer(&access);
        let _ = member.post("/api/v1/auth/delete-account", json!({"password": "another horse altogether"})).await.expect(200);
        let link = opened(&letter(&app, "new@example.test", "will be deleted", 1).await);
        let page = send(&browser(&app), "/keep-account", &[("token", &link)]).await.expect(200);
        assert!(html(&page).contains("stays"), "{}", html(&page));
        member.get(ME).await.refused(401, "token_invalid");
    }

    async fn a17_the_forms_of_links_take_nothing_from_other_sites(engine: Engine) {
        let app = open_house(engine).await;
        for path in ["/verify-email", "/reset-password", "/confirm-email", "/keep-account"] {
            let at = app.anonymous().with("host", "house.test");
            for client in [at.clone(), at.clone().with("origin", "https://evil.test"), at.clone().with("origin", "null")] {
                let _ = send(&client, path, &[("token", "x")]).await.expect(403);
            }
            let _ = browser(&app).ask(Method::POST, path).raw("text/plain", "token=x").send().await.expect(415);
        }
    }
}
