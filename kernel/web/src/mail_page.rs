//! The mails of development, at `/dev/mail`: what would have been sent, where no mail server is set.
//!
//! In production there is no such page. The HTML of a mail is shown in a frame that may do nothing at all.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use config::sections::Server;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, X_FRAME_OPTIONS};
use http::{HeaderValue, StatusCode};
use mail::Shown;
use types::Error;

use crate::app::App;
use crate::edge::page_policy_header;
use crate::page::{escape, page_with};
use crate::problem::{Problem, Result};

/// Styles of its own and pictures that it carries with it; no script, no form, nothing from elsewhere.
const FRAMED: &str = "sandbox; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";
const FRAMING: &str = "style-src 'self'; frame-src 'self'";

pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/dev/mail", get(list))
        .route("/dev/mail/{number}", get(one))
        .route("/dev/mail/{number}/html", get(framed))
        .route_layer(from_fn_with_state(app.clone(), door))
}

async fn door(State(app): State<App>, request: Request, next: Next) -> Response {
    if !app.mailer().has_page() || !is_ours(&app, &request) {
        return Problem(Error::not_found()).into_response();
    }
    next.run(request).await
}

/// Whether the browser asked for an address of ours. Somebody's page can have its own name lead to this machine and then
/// read what is here; it cannot have an address or `localhost` as its name.
fn is_ours(app: &App, request: &Request) -> bool {
    let asked = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let Some(asked) = asked.or_else(|| request.uri().authority().map(http::uri::Authority::as_str)) else {
        return true;
    };
    let Ok(asked) = asked.parse::<http::uri::Authority>() else { return false };
    let host = asked.host().trim_matches(['[', ']']);
    let server = app.settings().get::<Server>();
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok()
        || server.public_url.as_ref().is_some_and(|url| {
            let ours = url.host().parse::<http::uri::Authority>();
            ours.is_ok_and(|ours| ours.host().eq_ignore_ascii_case(host))
        })
}

async fn list(State(app): State<App>) -> Response {
    use std::fmt::Write as _;
    let mut body = "<h1>Mail</h1>".to_owned();
    let shown = app.mailer().shown();
    if !app.mailer().shows() {
        body.push_str("<p>A mail server is set (<code>mail.url</code>), so mail goes there.</p>");
    } else if shown.is_empty() {
        body.push_str("<p>No mail was sent since the start.</p>");
    }
    for mail in shown {
        let _ = write!(
            body,
            "<p><a href=\"/dev/mail/{}\">{}</a><br>to {}, {}</p>",
            mail.number,
            escape(&mail.subject),
            escape(&mail.to),
            mail.at
        );
    }
    page_with(StatusCode::OK, "Mail", &body, FRAMING)
}

async fn one(State(app): State<App>, number: Path<String>) -> Result<Response> {
    let mail = find(&app, &number)?;
    let html = if mail.html.is_empty() {
        String::new()
    } else {
        format!(
            "<h2>HTML</h2><iframe class=\"mail\" sandbox title=\"The mail as HTML\" src=\"/dev/mail/{}/html\"></iframe>",
            mail.number
        )
    };
    let body = format!(
        "<p><a href=\"/dev/mail\">All mails</a></p><h1>{}</h1><h2>Head</h2><pre>{}</pre><h2>Text</h2><pre>{}</pre>{html}",
        escape(&mail.subject),
        escape(&mail.headers),
        escape(&mail.text)
    );
    Ok(page_with(StatusCode::OK, &mail.subject, &body, FRAMING))
}

async fn framed(State(app): State<App>, number: Path<String>) -> Result<Response> {
    let mail = find(&app, &number)?;
    let mut response = ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")], mail.html)
        .into_response();
    let (name, policy) = page_policy_header(FRAMED);
    response.headers_mut().insert(name, policy);
    response.headers_mut().insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}

fn find(app: &App, number: &str) -> std::result::Result<Shown, Error> {
    let mut shown = app.mailer().shown().into_iter();
    number
        .parse()
        .ok()
        .and_then(|number: u64| shown.find(|mail| mail.number == number))
        .ok_or_else(Error::not_found)
}
