//! The plain pages over HTTP. They stand outside the gate: no credential is read for them, so what a form does is
//! limited and held against cross-site requests right here.

use std::net::{IpAddr, Ipv4Addr};

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use types::{Error, Installation, Kind, Trace};
use web::edge::{ClientAddr, check_cross_site};
use web::{App, Form, Problem, Tier, escape, page};

use super::api_invitation::{post_invitation, show_invitation};
use super::form::{SetupForm, setup_form};
use crate::setup::{self, SetupIn};

pub(crate) fn pages() -> Router<App> {
    let own = Router::new()
        .route("/", get(home))
        .route("/setup", get(show_setup).post(post_setup))
        .route("/invitation", get(show_invitation).post(post_invitation));
    own.merge(super::api_links::pages())
}

/// A page whose address may hold a token: no other site is told it. With `no-referrer` a browser would hide the origin
/// of the form as well, and our own form would be refused.
pub(crate) fn secretive(mut response: Response) -> Response {
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    response
}

async fn home(State(app): State<App>, headers: HeaderMap) -> Response {
    let version = env!("CARGO_PKG_VERSION");
    let setup = match setup::is_done(app.db()).await {
        Ok(false) => "<p>It has no administrator yet: open the setup link that the terminal shows.</p>\n",
        _ => "",
    };
    // Whoever opens a plain address from elsewhere would sign in and not be signed in: say why, and what to set.
    let insecure = match web::Way::of(&app, &headers) {
        Ok(_) => String::new(),
        Err(error) => format!("<p>This address cannot be signed in at. {}</p>\n", escape(error.message())),
    };
    let body = format!(
        "<h1>Mainstay</h1>\n<p>The backend a small organisation stands on. Version {version}.</p>\n{setup}{insecure}\
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

async fn show_setup(State(app): State<App>, query: Result<Query<SetupQuery>, QueryRejection>) -> Response {
    match setup::is_done(app.db()).await {
        Ok(true) => already(),
        Ok(false) => {
            let token = query.map(|Query(query)| query.token).unwrap_or_default();
            let form = SetupForm { token: &token, workspace: "Main", ..SetupForm::default() };
            secretive(page(StatusCode::OK, "Set up Mainstay", &setup_form(&form)))
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

fn already() -> Response {
    let body = "<h1>Mainstay is set up</h1>\n<p>This installation has its administrator already.</p>\n<p><a href=\"/\">Start page</a></p>";
    page(StatusCode::CONFLICT, "Mainstay is set up", body)
}

async fn post_setup(
    State(app): State<App>,
    sender: Sender,
    form: Result<Form<SetupIn>, Problem>,
) -> Response {
    let (inst, body) = match come_in(&app, &sender, form).await {
        Ok(come) => come,
        Err(refusal) => return refusal,
    };
    match setup::perform(&app, &inst, &body).await {
        Ok((_, workspace)) => {
            let body = format!(
                "<h1>Mainstay is set up</h1>\n<p>You are the administrator, and owner of the workspace <strong>{}</strong>.</p>\n\
                 <p>Sign in with <code>POST /api/v1/auth/token</code>.</p>\n<p><a href=\"/\">Start page</a></p>",
                escape(&workspace.name)
            );
            page(StatusCode::CREATED, "Mainstay is set up", &body)
        }
        Err(error) if error.code() == "already_set_up" => already(),
        Err(error) => match error.kind() {
            Kind::Forbidden => refused(&body, StatusCode::FORBIDDEN, &error),
            Kind::Invalid => refused(&body, StatusCode::UNPROCESSABLE_ENTITY, &error),
            _ => Problem::from(error).into_response(),
        },
    }
}

/// What every form needs to know of its request.
pub(crate) type Sender = (Option<Extension<ClientAddr>>, Option<Extension<Trace>>, HeaderMap);

pub(crate) fn address_of((client, ..): &Sender) -> IpAddr {
    client.as_ref().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Extension(client)| client.0)
}

/// What a form of ours was sent with, and in whose name; or the refusal of one that is not ours.
pub(crate) async fn come_in<T>(
    app: &App,
    sender: &Sender,
    form: Result<Form<T>, Problem>,
) -> Result<(Installation, T), Response> {
    let (_, trace, headers) = sender;
    let admitted = admit(app, headers, address_of(sender)).await.map_err(Problem::from);
    let Form(body) = admitted.and(form).map_err(IntoResponse::into_response)?;
    let trace = trace.as_ref().map(|Extension(trace)| trace.clone()).unwrap_or_default();
    Ok((setup::stranger(trace), body))
}

/// A browser may send a form for any page of the web, and a crowd may send many.
async fn admit(app: &App, headers: &HeaderMap, client: IpAddr) -> types::Result<()> {
    let server = app.settings().get::<config::sections::Server>();
    let own = server.public_url.as_ref().map_or("", |url| url.expose());
    check_cross_site(&Method::POST, headers, own, &[])?;
    // A token can be guessed at here: as often as a password.
    app.limit_subject(Tier::SignIn, &web::network(client)).await
}

/// The form again with what was typed, but for the password, and what is wrong with it.
fn refused(body: &SetupIn, status: StatusCode, error: &Error) -> Response {
    let (token, email, workspace) = (&body.token, &body.email, &body.workspace);
    let form = SetupForm { token, email, workspace, error: Some(error) };
    secretive(page(status, "Set up Mainstay", &setup_form(&form)))
}
