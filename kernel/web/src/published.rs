//! Scripts of other sites that come with a publishable key: what their browser asks beforehand, and what it is told.
//!
//! Owns the question. Refuses to know which key stands in which page: `identity` does. What such a caller may is settled
//! by the gate like everything else.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, HeaderValue, Method};
use types::Result;

use crate::access::Tier;
use crate::app::App;
use crate::edge::{allow_page, origin_not_allowed, preflight_answer};
use crate::gate::client;
use crate::limits;
use crate::problem::Problem;

/// The page that a request comes from.
pub(crate) fn page(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(ORIGIN).cloned()
}

/// Answers the browser that asks whether a script may send a key. The edge lets such a question through to here when the
/// origin is not on the list of CORS.
pub(crate) async fn preflights(State(app): State<App>, request: Request, next: Next) -> Response {
    let asks = request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    match page(request.headers()) {
        Some(page) if request.method() == Method::OPTIONS && asks => {
            let counted = app.count(Tier::Normal, false, &limits::network(client(&request))).await;
            let refused =
                counted.filter(|verdict| !verdict.allowed).map(|verdict| limits::too_many(&verdict));
            let answer = match refused {
                Some(error) => Err(error),
                None => answer(&app, page).await,
            };
            answer.unwrap_or_else(|error| Problem::from(error).into_response())
        }
        _ => next.run(request).await,
    }
}

async fn answer(app: &App, page: HeaderValue) -> Result<Response> {
    let origin = page.to_str().unwrap_or_default();
    if !app.authenticate().publishes_to(app, origin).await? {
        return Err(origin_not_allowed());
    }
    let mut response = preflight_answer();
    allow_page(page, response.headers_mut());
    Ok(response)
}
