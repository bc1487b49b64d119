//! The house these tests need, and a client that can read a response that does not end.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use testkit::{Answer, Client, Engine, TestApp};
use tower::ServiceExt as _;
use web::edge::{self, Edge};

pub(crate) const EVENTS: &str = "/api/v1/events";
/// The password of everybody in the testkit.
const PASSWORD: &str = "correct horse battery";

pub(crate) async fn start(engine: Engine) -> TestApp {
    TestApp::start(engine, vec![identity::system(), activity::system(), status::system()]).await
}

/// Reports a status: three events for the first report of a service, one or two for a later one.
pub(crate) async fn report(client: &Client, status: &str) -> Answer {
    let body = json!({"service_id": "api", "status": status, "description": "What is going on."});
    client.post("/api/v1/status/events", body).await.expect(201)
}

/// The events of the feed once there are `count` of a type: other tests on the same server may hold the horizon for a moment.
pub(crate) async fn feed(client: &Client, kind: &str, count: usize) -> Vec<Value> {
    for _ in 0..300 {
        let page = client.get(format!("{EVENTS}?limit=200")).await.expect(200).json();
        let items: Vec<Value> =
            page["items"].as_array().unwrap().iter().filter(|event| event["type"] == kind).cloned().collect();
        if items.len() >= count {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count} events of the type {kind} were never there");
}

pub(crate) async fn token(app: &TestApp, email: &str) -> String {
    let form = [("username", email), ("password", PASSWORD)];
    let ask = app.anonymous().ask(http::Method::POST, "/api/v1/auth/token").form(&form);
    ask.send().await.expect(200).text("access_token")
}

/// A response that goes on.
pub(crate) struct Open {
    pub(crate) response: Response<Body>,
    text: String,
}

pub(crate) async fn open(app: &TestApp, token: &str, last: Option<&str>) -> Open {
    let mut request =
        Request::get(format!("{EVENTS}/stream")).header("authorization", format!("Bearer {token}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let options = edge::Options { clock: app.clock().clone(), ..edge::Options::default() };
    let edge = Edge::new(options, app.app.router());
    let response =
        edge.oneshot(request.body(Body::empty()).unwrap()).await.unwrap_or_else(|never| match never {});
    Open { response, text: String::new() }
}

impl Open {
    pub(crate) fn began(self) -> Self {
        assert_eq!(self.response.status(), StatusCode::OK);
        assert_eq!(self.response.headers()["content-type"], "text/event-stream");
        self
    }

    pub(crate) async fn code(self) -> (StatusCode, String) {
        let status = self.response.status();
        let bytes = self.response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The next message as (id, event, data); `None` when the stream has ended. Comments are left out.
    pub(crate) async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let line = |name: &str| {
                    block.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned())
                };
                if let Some(data) = line("data:") {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some((line("id:").unwrap(), line("event:").unwrap(), data));
                }
            }
            let frame = tokio::time::timeout(Duration::from_secs(20), self.response.frame()).await;
            match frame.expect("a stream that says something or ends") {
                Some(frame) => {
                    let bytes = frame.unwrap().into_data().unwrap_or_default();
                    self.text.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                None => return None,
            }
        }
    }

    /// The next message of a type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> (String, Value) {
        loop {
            let (id, event, data) = self.next().await.expect("a stream that goes on");
            if event == kind {
                return (id, data);
            }
        }
    }
}

/// Settings of a house that may send to `peers::OUTSIDE` without TLS, and shows its mails.
const OPEN: &str = r#"
mode = "development"

[limits]
signed_in = 1000000
anonymous = 1000000
sign_in = 1000000
refresh = 1000000

[outbound]
allow = ["127.0.0.2/32"]

[identity]
password_memory_kib = 64
password_passes = 1
"#;

/// A house that may send out, with more settings.
pub(crate) async fn start_open(engine: Engine, more: &str) -> TestApp {
    let settings = format!("{OPEN}{more}");
    TestApp::with(engine, vec![identity::system(), activity::system(), status::system()], &settings).await
}

/// Runs one of the works that come back.
pub(crate) async fn upkeep(app: &TestApp, name: &str) {
    let all = app.app.systems().iter().flat_map(|system| system.upkeep);
    let found = all.into_iter().find(|upkeep| upkeep.name == name).expect("an upkeep of that name");
    (found.run)(app.app.clone()).await.unwrap();
}

/// Waits until it is so: other tests on the same server may hold the horizon of the journal for a moment.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it was never so: {what}");
}
