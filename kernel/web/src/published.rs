//! Scripts of other sites that come with a publishable key: what their browser asks beforehand, and what it is told.
//!
//! Owns the question. Refuses to know which key stands in which page: `identity` does. What such a caller may is settled
//! by the gate like everything else.

use std::net::IpAddr;

use axum::response::{IntoResponse as _, Response};
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, HeaderValue, Method};

use crate::access::Tier;
use crate::app::App;
use crate::edge::{allow_page, preflight_answer};
use crate::limits;
use crate::problem::Problem;

/// The page that a request comes from.
pub(crate) fn page(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(ORIGIN).cloned()
}

/// Answers the browser that asks whether a script may send a key. The edge lets such a question through to here when the
/// origin is not on the list of CORS.
pub(crate) async fn preflight(
    app: &App,
    client: IpAddr,
    method: &Method,
    headers: &HeaderMap,
) -> Option<Response> {
    if method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let page = page(headers)?;
    let counted = app.count(Tier::Normal, false, &limits::network(client)).await;
    if let Some(verdict) = counted.filter(|verdict| !verdict.allowed) {
        return Some(Problem::from(limits::too_many(&verdict)).into_response());
    }
    let origin = page.to_str().unwrap_or_default();
    let mut response = match app.authenticate().publishes_to(app, origin).await {
        Ok(true) => preflight_answer(),
        Ok(false) => return Some(Problem::from(crate::edge::origin_not_allowed()).into_response()),
        Err(error) => return Some(Problem::from(error).into_response()),
    };
    allow_page(page, response.headers_mut());
    Some(response)
}
