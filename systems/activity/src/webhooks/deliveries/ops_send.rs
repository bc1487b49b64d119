//! One attempt: the request as Standard Webhooks has it, and what came back.

use std::collections::BTreeMap;
use std::time::Duration;

use outbound::{Answer, Request, StatusCode};
use serde_json::{Map, Value};
use tasks::Stopwatch;
use types::{Error, Result, Scope, Time};
use web::{App, Fault};

use super::model::{Attempt, DeliveryRow, Verdict};
use crate::WebhookSettings;
use crate::webhooks::Webhooks;
use crate::webhooks::masks::{MASK, Masks};
use crate::webhooks::model::WebhookRow;
use crate::webhooks::secret::Secret;

/// A longer answer is a mistake of whoever answers; little of it is kept anyway.
const LARGEST_ANSWER: u64 = 64 * 1024;

/// Sends it, and tells what came of it. Fails only when the webhook cannot be read.
pub(super) async fn send(
    app: &App,
    scope: &Scope,
    webhook: &WebhookRow,
    delivery: &DeliveryRow,
) -> Result<(Attempt, Verdict)> {
    let known = app.extension::<Webhooks>()?;
    let (secrets, headers) = (known.secrets(webhook, app.clock().now())?, known.headers(webhook)?);
    let at = app.clock().now();
    let (id, timestamp) = (delivery.id.to_string(), at.as_seconds().to_string());
    let body = delivery.payload().to_string();
    let signed = if app.broken(Fault::TimelessSignature) { "" } else { timestamp.as_str() };
    let signatures: Vec<_> = secrets.iter().map(|secret| secret.sign(&id, signed, &body)).collect();
    let timeout = app.settings().get::<WebhookSettings>().timeout;
    let mut request = Request::post(webhook.url.clone(), "webhook", body)
        .header("content-type", "application/json")
        .header("user-agent", concat!("Mainstay-Webhooks/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp)
        .header("webhook-signature", &signatures.join(" "))
        .lane(scope.workspace().to_string())
        .trace(scope.trace())
        .retries(0)
        .deadline(timeout)
        .limit(LARGEST_ANSWER);
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    let watch = Stopwatch::start();
    let outcome = app.outbound().send(request).await;
    let masks = Masks::new(headers.values().cloned().chain(secrets.iter().map(Secret::text)));
    let sent = Sent { at, took: watch.elapsed(), headers: told(&headers, &id, &timestamp) };
    Ok(match outcome {
        Ok(answer) => answered(sent, &answer, &masks),
        Err(error) => failed(sent, error),
    })
}

/// What of an attempt is known before its answer.
struct Sent {
    at: Time,
    took: Duration,
    headers: Value,
}

/// What was sent, with the values that are secrets masked.
fn told(headers: &BTreeMap<String, String>, id: &str, timestamp: &str) -> Value {
    let ours = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", "v1,…")];
    let theirs = headers.keys().map(|name| (name.as_str(), MASK));
    let all = ours.into_iter().chain(theirs).map(|(name, value)| (name.to_ascii_lowercase(), value.into()));
    Value::Object(all.collect::<Map<_, _>>())
}

fn answered(sent: Sent, answer: &Answer, masks: &Masks) -> (Attempt, Verdict) {
    let (verdict, error) = match answer.status {
        status if status.is_success() => (Verdict::Delivered, None),
        StatusCode::GONE => (Verdict::Gone, Some("It answered 410: it wants nothing more.".to_owned())),
        status => {
            let wait = answer.retry_after.map(|wait| wait.as_secs());
            (Verdict::Failed { wait }, Some(format!("It answered {}.", status.as_u16())))
        }
    };
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let attempt = Attempt {
        status: Some(i64::from(answer.status.as_u16())),
        error,
        answer_headers: Some(masks.headers(headers)),
        answer_body: Some(masks.body(&answer.body)),
        ..nothing(sent)
    };
    (attempt, verdict)
}

/// There was no answer. What is told of it names no address: where a name leads to inside is nobody's business.
fn failed(sent: Sent, error: outbound::Error) -> (Attempt, Verdict) {
    let error = Error::from(error);
    let wait = error.retry_after_seconds();
    let attempt = Attempt { error: Some(format!("{}: {}", error.code(), error.message())), ..nothing(sent) };
    (attempt, Verdict::Failed { wait })
}

fn nothing(sent: Sent) -> Attempt {
    Attempt {
        at: sent.at,
        ms: i64::try_from(sent.took.as_millis()).unwrap_or(i64::MAX),
        status: None,
        error: None,
        request_headers: sent.headers,
        answer_headers: None,
        answer_body: None,
    }
}
