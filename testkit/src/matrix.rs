//! The tenant matrix: every operation that names a thing, tried by everybody who may not know of it.
//!
//! The answer must be the same as for an id that was never issued: status, body and headers. An operation without a
//! fixture fails, so that a new route cannot be forgotten.

use std::collections::HashMap;

use http::Method;
use serde_json::Value;
use web::Rule;

use crate::app::TestApp;
use crate::client::{Answer, Client};

/// How one operation is called.
#[derive(Clone)]
pub struct Fixture {
    /// The address with a thing of the owner's workspace in it.
    pub path: String,
    /// The same address with ids that were never issued.
    pub nowhere: String,
    /// A body that the owner could send.
    pub body: Option<Value>,
}

impl Fixture {
    pub fn new(path: impl Into<String>, nowhere: impl Into<String>) -> Self {
        Self { path: path.into(), nowhere: nowhere.into(), body: None }
    }

    #[must_use]
    pub fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// Somebody who may not know of the owner's things.
pub struct Stranger {
    pub name: &'static str,
    pub client: Client,
}

/// What was found; empty is good.
#[allow(clippy::implicit_hasher, reason = "a table that a test wrote down")]
pub async fn try_all(
    app: &TestApp,
    of_systems: &[&str],
    fixtures: &HashMap<&str, Fixture>,
    strangers: &[Stranger],
) -> Vec<String> {
    let mut findings = Vec::new();
    let own: Vec<_> = app
        .app
        .systems()
        .iter()
        .filter(|system| of_systems.contains(&system.name))
        .flat_map(|system| system.access)
        .map(|access| access.operation)
        .collect();
    for (path, method, access) in app.app.access().entries() {
        if !own.contains(&access.operation) || !path.contains('{') || access.rule == Rule::Anyone {
            continue;
        }
        let Some(fixture) = fixtures.get(access.operation) else {
            findings.push(format!("{} ({method} {path}) has no fixture", access.operation));
            continue;
        };
        for stranger in strangers {
            let at_thing = call(&stranger.client, method, &fixture.path, fixture).await;
            let nowhere = call(&stranger.client, method, &fixture.nowhere, fixture).await;
            let open = matches!(access.rule, Rule::Open(_)) && stranger.name == "anonymous";
            if let Some(what) = difference(&at_thing, &nowhere, open) {
                findings.push(format!("{} by {}: {what}", access.operation, stranger.name));
            }
        }
    }
    findings
}

async fn call(client: &Client, method: &Method, path: &str, fixture: &Fixture) -> Answer {
    let ask = client.ask(method.clone(), path);
    let ask = if let Some(body) = &fixture.body { ask.json(body) } else { ask };
    ask.send().await
}

fn difference(at_thing: &Answer, nowhere: &Answer, open: bool) -> Option<String> {
    if open {
        // An explicit rule opened it to everybody.
        return None;
    }
    let status = at_thing.status.as_u16();
    if !matches!(status, 401 | 403 | 404) {
        return Some(format!("answered {status}: {}", String::from_utf8_lossy(&at_thing.body)));
    }
    if telling(at_thing) == telling(nowhere) {
        return None;
    }
    Some(format!("tells a thing from nothing: {:?} and {:?}", telling(at_thing), telling(nowhere)))
}

/// What an answer tells, without what is different in every answer.
fn telling(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| {
            !matches!(name.as_str(), "x-request-id" | "x-trace-id" | "x-ratelimit-remaining" | "date")
        })
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), body, headers)
}
