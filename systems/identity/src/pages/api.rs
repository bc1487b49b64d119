//! The plain pages over HTTP. They stand outside the gate: no credential is read for them, so what a form does is
//! limited and held against cross-site requests right here.

use std::net::{IpAddr, Ipv4Addr};

use axum::Router;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use types::{Actor, Error, Installation, Trace};
use web::edge::{ClientAddr, check_cross_site, page_policy_header};
use web::{App, Form, Problem, Tier};

use super::html::{self, SetupForm};
use crate::setup::{self, SetupIn};

pub fn pages() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/setup", get(show_setup).post(post_setup))
        .route("/assets/plain.css", get(stylesheet))
}

/// An HTML answer under a policy that allows our stylesheet and our forms, and no script at all.
fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let mut response = (status, html::page(title, body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address of the setup page holds a token. With `no-referrer` a browser would hide the origin of the form, too.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    let (name, policy) = page_policy_header("style-src 'self'; form-action 'self'");
    headers.insert(name, policy);
    response
}

async fn stylesheet() -> impl IntoResponse {
    let css = HeaderValue::from_static("text/css; charset=utf-8");
    let hour = HeaderValue::from_static("public, max-age=3600");
    ([(header::CONTENT_TYPE, css), (header::CACHE_CONTROL, hour)], include_str!("plain.css"))
}

async fn home(State(app): State<App>) -> Response {
    let version = env!("CARGO_PKG_VERSION");
    let setup = match setup::is_done(app.db()).await {
        Ok(false) => "<p>It has no administrator yet: open the setup link that the terminal shows.</p>\n",
        _ => "",
    };
    let body = format!(
        "<p>The backend a small organisation stands on. Version {version}.</p>\n{setup}\
         <ul>\n<li><a href=\"/docs\">The reference</a> of the API, where <code>docs.enabled</code> allows it, \
         and its <a href=\"/api/v1/openapi.json\">OpenAPI document</a></li>\n\
         <li><a href=\"/status\">The status page</a></li>\n\
         <li>The guide is in <code>docs/guide</code> of the source.</li>\n</ul>"
    );
    page(StatusCode::OK, "Mainstay", &body)
}

#[derive(Deserialize)]
struct SetupQuery {
    #[serde(default)]
    token: String,
}

async fn show_setup(State(app): State<App>, query: Option<Query<SetupQuery>>) -> Response {
    match setup::is_done(app.db()).await {
        Ok(true) => already(),
        Ok(false) => {
            let token = query.map(|Query(query)| query.token).unwrap_or_default();
            let form = SetupForm { token: &token, workspace: "Main", ..SetupForm::default() };
            page(StatusCode::OK, "Set up Mainstay", &html::setup_form(&form))
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

fn already() -> Response {
    let body = "<p>This installation has its administrator already.</p>\n<p><a href=\"/\">Start page</a></p>";
    page(StatusCode::CONFLICT, "Mainstay is set up", body)
}

async fn post_setup(
    State(app): State<App>,
    client: Option<Extension<ClientAddr>>,
    trace: Option<Extension<Trace>>,
    headers: HeaderMap,
    form: Result<Form<SetupIn>, Problem>,
) -> Response {
    let client = client.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Extension(client)| client.0);
    let trace = trace.map(|Extension(trace)| trace).unwrap_or_default();
    let inst = Installation::of_request(Actor::anonymous(), trace);
    let body = match admit(&app, &headers, client).map_err(Problem::from).and(form) {
        Ok(Form(body)) => body,
        Err(problem) => return problem.into_response(),
    };
    match setup::perform(&app, &inst, &body).await {
        Ok((_, workspace)) => {
            let body = format!(
                "<p>You are the administrator, and owner of the workspace <strong>{}</strong>.</p>\n\
                 <p>Sign in with <code>POST /api/v1/auth/token</code>.</p>\n<p><a href=\"/\">Start page</a></p>",
                html::escape(&workspace.name)
            );
            page(StatusCode::CREATED, "Mainstay is set up", &body)
        }
        Err(error) if error.code() == "already_set_up" => already(),
        Err(error) => refused(&body, &error),
    }
}

/// A browser may send a form for any page of the web, and a crowd may send many.
fn admit(app: &App, headers: &HeaderMap, client: IpAddr) -> types::Result<()> {
    check_cross_site(&Method::POST, headers, "", &[])?;
    app.limit_subject(Tier::SignIn, &web::network(client))
}

/// The form again with what was typed, but for the password, and what is wrong with it.
fn refused(body: &SetupIn, error: &Error) -> Response {
    let (token, email, workspace) = (&body.token, &body.email, &body.workspace);
    let form = SetupForm { token, email, workspace, error: Some(error) };
    page(web::status(error.kind()), "Set up Mainstay", &html::setup_form(&form))
}
