//! The page of mails in development, and mail that the house sends.

use mail::{Address, Message, TEST};
use serde_json::json;
use testkit::{Engine, TestApp, on_both};
use types::{Installation, Result};

use crate::systems;

async fn house(engine: Engine, mode: &str) -> TestApp {
    let settings = format!("mode = \"{mode}\"\n[server]\npublic_url = \"https://house.test\"\n");
    TestApp::with(engine, systems::all(), &settings).await
}

async fn ask_for(app: &TestApp, name: &str) -> Result<queue::JobId> {
    let to = Address::new(name, "owner@example.test")?;
    let message = Message::new(to, &TEST, &json!({ "address": "https://house.test/?a=1&b=2" }))?;
    let args = (app.app.mailer().clone(), Installation::system("a test"), message);
    let asked =
        app.db().write(args, |tx, (mailer, by, message)| Box::pin(mailer.send_installation(tx, by, message)));
    asked.await
}

on_both! {
    async fn mails_are_shown_in_development(engine: Engine) {
        let app = house(engine, "development").await;
        app.work().await;
        let client = app.anonymous();
        let page = client.get("/dev/mail").await.expect(200);
        assert!(String::from_utf8_lossy(&page.body).contains("No mail was sent"));
        ask_for(&app, "<b>Zoë</b>").await.unwrap();
        for _ in 0..400 {
            if !app.app.mailer().shown().is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        let list = client.get("/dev/mail").await.expect(200);
        let text = String::from_utf8_lossy(&list.body).into_owned();
        assert!(text.contains("&lt;b&gt;Zoë&lt;/b&gt; &lt;owner@example.test&gt;") && !text.contains("<b>"), "{text}");
        let one = client.get("/dev/mail/1").await.expect(200);
        let text = String::from_utf8_lossy(&one.body).into_owned();
        assert!(text.contains("Message-ID: &lt;job_") && text.contains("<iframe class=\"mail\" sandbox "), "{text}");
        assert!(text.contains("https://house.test/?a=1&amp;b=2") && !text.contains("<script"), "{text}");
        let policy = one.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-src 'self'") && policy.contains("default-src 'none'"), "{policy}");
        let framed = client.get("/dev/mail/1/html").await.expect(200);
        let policy = framed.header("content-security-policy").unwrap();
        assert!(policy.starts_with("sandbox;") && policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'self'") && !policy.contains("script-src"), "{policy}");
        assert_eq!(framed.header("cache-control"), Some("no-store"));
        for (host, status) in
            [("evil.test", 404), ("127.0.0.1.evil.test:80", 404), ("localhost:8080", 200), ("[::1]:80", 200), ("house.test", 200)]
        {
            app.anonymous().with("host", host).get("/dev/mail/1").await.expect(status);
        }
        for nowhere in ["/dev/mail/2", "/dev/mail/x", "/dev/mail/-1/html", "/dev/mail/1/x"] {
            client.get(nowhere).await.expect(404);
        }
    }

    async fn there_is_no_such_page_in_production(engine: Engine) {
        let app = house(engine, "production").await;
        for path in ["/dev/mail", "/dev/mail/1", "/dev/mail/1/html"] {
            app.anonymous().get(path).await.refused(404, "not_found");
        }
    }
}
