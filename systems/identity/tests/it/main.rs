//! Identity over HTTP, on both engines.

mod addresses;
mod callers;
mod cookies;
mod factors;
mod invitations;
mod keys;
mod leaving;
mod letters;
mod life;
mod limits;
mod lives;
mod me;
mod pages;
mod passkeys;
mod passwords;
mod people;
mod refresh;
mod registration;
mod rights;
mod roles;
mod service_accounts;
mod sessions;
mod setup;
mod sign_in;
mod signing;
mod sso;
mod step_up;
mod tenants;
mod timing;
mod totp;
mod transfers;
mod workspaces;

use http::Method;
use serde_json::Value;
use testkit::{Answer, Client, Engine, TestApp};

/// The house these tests need.
async fn start(engine: Engine) -> TestApp {
    TestApp::start(engine, vec![identity::system()]).await
}

/// A house that shows its mail instead of sending it. Limits are high, and the public address is not where it listens.
async fn with_mail(engine: Engine) -> TestApp {
    let settings = "mode = \"development\"\npublic_workspace = \"main\"\n[server]\npublic_url = \"https://house.test/\"\n\
                    [limits]\nsigned_in = 1000000\nanonymous = 1000000\nsign_in = 1000000\n\
                    [identity]\npassword_memory_kib = 64\npassword_passes = 1\npassword_queue = 1000\n";
    let app = TestApp::with(engine, vec![identity::system()], settings).await;
    app.work().await;
    app
}

/// The text of the newest mail to somebody, once there are so many of them.
async fn mail_to(app: &TestApp, email: &str, count: usize) -> String {
    for _ in 0..3_000 {
        let mut shown = app.app.mailer().shown();
        shown.retain(|mail| mail.to.contains(email));
        if shown.len() >= count {
            return shown
                .into_iter()
                .max_by_key(|mail| mail.number)
                .map(|mail| mail.text)
                .unwrap_or_default();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("mail {count} to {email} did not come");
}

const TOKEN: &str = "/api/v1/auth/token";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";
const SESSIONS: &str = "/api/v1/auth/sessions";
const KEYS: &str = "/api/v1/auth/api-keys";
const WORKSPACES: &str = "/api/v1/workspaces";
const PASSWORD: &str = "correct horse battery";

/// Signs in and shows the whole answer.
async fn token(client: &Client, email: &str, password: &str) -> Answer {
    client.ask(Method::POST, TOKEN).form(&[("username", email), ("password", password)]).send().await
}

/// A pair of tokens of a person whom the testkit made.
async fn pair(app: &TestApp, email: &str) -> (String, String) {
    let answer = token(&app.anonymous(), email, PASSWORD).await.expect(200);
    (answer.text("access_token"), answer.text("refresh_token"))
}

async fn refresh(app: &TestApp, refresh_token: &str) -> Answer {
    app.anonymous().post(REFRESH, serde_json::json!({"refresh_token": refresh_token})).await
}

/// What the installation's journal tells of one thing; in the order of names, because the clock stands still.
async fn events(app: &TestApp, subject: &str) -> Vec<String> {
    let place = query::Place { workspace: None, endpoint: "test", filter: "" };
    let list = query::List::parse("limit=200", &journal::TIMELINE, &query::Signer::new(b"test"), place)
        .expect("a list");
    let by = types::Installation::system("a test reads the journal");
    let read = app.db().read((by, subject.to_owned(), list), |rx, (by, subject, list)| {
        Box::pin(journal::timeline_installation(rx, by, subject, list))
    });
    let page = read.await.expect("a timeline");
    let mut events: Vec<_> = page.items().iter().map(|event| event.kind.clone()).collect();
    events.sort();
    events
}

/// A member of the first item for which another member has this value.
fn item<'a>(page: &'a Value, member: &str, value: &str) -> &'a Value {
    page["items"]
        .as_array()
        .and_then(|items| items.iter().find(|item| item[member] == value))
        .unwrap_or(&Value::Null)
}
