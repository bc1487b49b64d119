//! Which other sites' scripts may call: those on the list, compared whole, and nobody else.
//!
//! Refuses `null`, patterns and suffixes (A41).

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use types::Error;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Range, \
                       X-API-Key, X-CSRF-Token, X-Request-Id, X-Workspace-Id, traceparent";
const EXPOSED: &str = "Content-Disposition, ETag, Idempotent-Replayed, Link, Location, Retry-After, X-RateLimit-Limit, \
                       X-CSRF-Token, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, X-Trace-Id";

/// The origin, when it is one of the list.
pub(super) fn allowed<'a>(headers: &'a HeaderMap, list: &[String]) -> Option<&'a HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    // `null` is what a sandboxed frame of anybody sends; it is nobody's origin even when it is listed.
    let listed = origin != "null" && list.iter().any(|known| known.as_bytes() == origin.as_bytes());
    listed.then_some(origin)
}

/// Answers a preflight; `None` when the request is not one.
pub(super) fn preflight(
    method: &Method,
    headers: &HeaderMap,
    list: &[String],
) -> Option<Result<Response, Error>> {
    if method != Method::OPTIONS
        || !headers.contains_key(ORIGIN)
        || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    {
        return None;
    }
    if allowed(headers, list).is_none() {
        // A page of whoever was given a publishable key: the gate knows whether it is.
        return if asks_for_key(headers) { None } else { Some(Err(not_allowed())) };
    }
    Some(Ok(answer()))
}

fn asks_for_key(headers: &HeaderMap) -> bool {
    let asked = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().filter_map(|line| line.to_str().ok());
    asked.flat_map(|line| line.split(',')).any(|name| name.trim().eq_ignore_ascii_case("x-api-key"))
}

pub(crate) fn not_allowed() -> Error {
    Error::forbidden("origin_not_allowed", "Scripts of this origin may not call here.")
}

/// Yes to a preflight.
pub(crate) fn answer() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let to = response.headers_mut();
    to.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    to.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
    to.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Lets the scripts of a page see an answer, without what its browser signs by itself.
pub(crate) fn allow_page(page: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, page);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}

/// Says to the browser what it may show to the script. `origin` has been found on the list.
pub(super) fn apply(origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    // Also on answers to nobody: a cache must not hand them to a listed origin.
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}
