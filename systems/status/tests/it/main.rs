//! Status over HTTP, on both engines: the tests that every later noun copies.

mod closed;
mod commits;
mod idempotency;
mod limits;
mod lists;
mod published;
mod reads;
mod tenants;
mod timelines;

use serde_json::{Value, json};
use testkit::{Answer, Client, Engine, TestApp};

/// The house these tests need.
async fn start(engine: Engine) -> TestApp {
    TestApp::start(engine, systems()).await
}

fn systems() -> Vec<web::System> {
    vec![identity::system(), activity::system(), status::system()]
}

fn report(service: &str, status: &str) -> Value {
    json!({"service_id": service, "status": status, "description": "What is going on."})
}

/// Reports a status, for tests about something else.
async fn post_report(client: &Client, service: &str, status: &str) -> Answer {
    client.post(EVENTS, report(service, status)).await.expect(201)
}

const EVENTS: &str = "/api/v1/status/events";
const STATUS: &str = "/api/v1/status";
