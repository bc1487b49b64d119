//! The one conversion from [`types::Error`] to HTTP: RFC 9457 problems, logged once.
//!
//! Owns the status of each kind and the shape of the document. Refuses to know who made the error. A handler
//! returns [`Problem`]; the edge, which knows the request id, writes it out.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, UPGRADE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};
use types::{Error, Kind, Trace};

/// The one code of everything that is our own mistake.
const INTERNAL: &str = "internal";

/// What handlers return. `?` turns every [`types::Error`] into a [`Problem`].
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// An error on its way out. It has its status already; the document is written by the edge.
#[derive(Debug)]
pub struct Problem(pub Error);

/// The error inside a response that the edge has yet to write out.
#[derive(Clone, Debug)]
pub(crate) struct Unwritten(pub Arc<Error>);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(self.0.kind());
        response.extensions_mut().insert(Unwritten(Arc::new(self.0)));
        response
    }
}

/// The HTTP status of each kind.
pub const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Upstream => StatusCode::BAD_GATEWAY,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Kind::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
    }
}

/// The whole response for an error: status, document, `Retry-After`. Logs what is ours to mend.
pub fn respond(error: &Error, trace: &Trace) -> Response {
    let mut response = Response::new(Body::empty());
    write(error, trace, status(error.kind()), &mut response);
    response
}

/// Writes the problem into a response and leaves the headers it already has.
pub(crate) fn write(error: &Error, trace: &Trace, status: StatusCode, response: &mut Response) {
    log(error, trace);
    let code = if error.kind() == Kind::Internal { INTERNAL } else { error.code() };
    metrics::counter!("http_refusals_total", "code" => code).increment(1);
    *response.status_mut() = status;
    *response.body_mut() = Body::from(document(error, trace, status).to_string());
    let headers = response.headers_mut();
    headers.remove(http::header::CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    advise(error, status, headers);
}

fn advise(error: &Error, status: StatusCode, headers: &mut HeaderMap) {
    if status == StatusCode::UNAUTHORIZED && !headers.contains_key(WWW_AUTHENTICATE) {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mainstay\""));
    }
    if status == StatusCode::UPGRADE_REQUIRED {
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
    // A caller that is told to come back is told when.
    let by_kind = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
    if let Some(seconds) = error.retry_after_seconds().or(by_kind)
        && !headers.contains_key(RETRY_AFTER)
    {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

fn document(error: &Error, trace: &Trace, status: StatusCode) -> Value {
    let mut members = Map::new();
    members.insert("type".into(), format!("/docs/problems/{}", error.code()).into());
    members.insert("title".into(), title(status).into());
    members.insert("status".into(), status.as_u16().into());
    members.insert("detail".into(), error.message().into());
    members.insert("code".into(), error.code().into());
    members.insert("request_id".into(), trace.request_id.as_ref().into());
    if error.kind() == Kind::Internal {
        // Whoever built the error may have said too much; the outside learns the request id only.
        members.insert("code".into(), INTERNAL.into());
        members.insert("type".into(), "/docs/problems/internal".into());
        members.insert("detail".into(), "Something went wrong on our side.".into());
        return Value::Object(members);
    }
    if !error.fields().is_empty() {
        let errors = error.fields().iter().map(
            |field| serde_json::json!({ "path": field.path, "message": field.message, "code": field.code }),
        );
        members.insert("errors".into(), errors.collect());
    }
    for (name, value) in error.members() {
        if !members.contains_key(name) {
            members.insert(name.clone(), value.clone());
        }
    }
    Value::Object(members)
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Refused")
}

fn log(error: &Error, trace: &Trace) {
    let detail = error.detail();
    match error.kind() {
        Kind::Internal => {
            tracing::error!(request_id = %trace.request_id, trace_id = %trace.trace_id, detail = %detail, "request failed");
        }
        Kind::Upstream | Kind::Unavailable | Kind::Timeout | Kind::NoSpace => {
            tracing::warn!(request_id = %trace.request_id, trace_id = %trace.trace_id, detail = %detail, "request refused");
        }
        _ => tracing::debug!(request_id = %trace.request_id, detail = %detail, "request refused"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> Trace {
        Trace { request_id: "r-1".into(), trace_id: "0".repeat(32).into(), origin: None }
    }

    #[test]
    fn a44_an_internal_error_tells_only_its_request_id() {
        let error = Error::internal("SELECT secret FROM people at /srv/mainstay")
            .while_doing("reading people")
            .with("table", "people")
            .at_field("/a", "x", "y");
        let text = document(&error, &trace(), status(error.kind())).to_string();
        assert!(text.contains("r-1"), "{text}");
        for inside in ["SELECT", "people", "/srv", "errors"] {
            assert!(!text.contains(inside), "{text}");
        }
    }

    #[test]
    fn members_stand_beside_the_standard_ones_and_replace_none() {
        let error = Error::conflict("taken", "The name is taken.").with("version", 3).with("status", 200);
        let value = document(&error, &trace(), status(error.kind()));
        assert_eq!(value["version"], 3);
        assert_eq!(value["status"], 409);
        assert_eq!(value["type"], "/docs/problems/taken");
    }

    #[test]
    fn a_503_always_says_when_to_come_back() {
        assert_eq!(respond(&Error::unavailable("busy", "Busy."), &trace()).headers()[RETRY_AFTER], "1");
        let later = Error::unavailable("busy", "Busy.").retry_after(9);
        assert_eq!(respond(&later, &trace()).headers()[RETRY_AFTER], "9");
    }
}
