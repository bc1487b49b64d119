//! Answers to whoever is let in, and the pages for browsers that are not yet.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use types::{Error, Installation, Result};
use web::{App, Client, Form, Problem, Reply, Way, page};
use zeroize::Zeroizing;

use super::api_form::{factor_form, link_form, refusal};
use crate::Identity;
use crate::factors::Method;
use crate::pages::api::{Sender, address_of, come_in, secretive};
use crate::people::{PersonRow, password_text};
use crate::sessions::api::origin;
use crate::sessions::ops::Grant;
use crate::sessions::ops_door::{Answer, Guest, Proof};
use crate::sessions::{Origin, SessionKind, cookies, ops, ops_door};
use crate::sso::identities::{Link, link_by_password};
use crate::sso::logins::is_own_path;

/// What a session is opened with.
pub(crate) struct Entry<'a> {
    pub(crate) app: &'a App,
    pub(crate) identity: &'a Arc<Identity>,
    pub(crate) inst: &'a Installation,
    pub(crate) headers: &'a HeaderMap,
}

impl Entry<'_> {
    /// A pair of tokens, or for a browser that is to go somewhere a cookie and the way there.
    pub(crate) async fn open(
        &self,
        person: PersonRow,
        origin: Origin,
        return_to: Option<&str>,
    ) -> Result<Response> {
        let Self { app, identity, inst, headers } = self;
        let proof = Proof::first(Method::Sso, None);
        let Some(path) = return_to else {
            let guest = Guest { origin, kind: SessionKind::Tokens };
            let grant = ops_door::open(app, identity, inst, person, proof, guest).await?;
            let pair = ops::pair(app, identity, &grant).await?;
            return Ok(Reply::ok(&pair)?.no_store().into_response());
        };
        let way = Way::of(app, headers)?;
        let guest = Guest { origin, kind: SessionKind::Cookie };
        let opened = ops_door::open(app, identity, inst, person, proof, guest).await;
        let grant = opened.map_err(|error| error.with("return_to", path))?;
        self.send(way, &grant, path).await
    }

    /// The way on for a browser, with the cookie of its session.
    async fn send(&self, way: Way, grant: &Grant, path: &str) -> Result<Response> {
        let Self { app, identity, inst, headers } = self;
        cookies::leave_old(app, identity, inst, headers).await;
        let mut response = to(StatusCode::SEE_OTHER, path)?;
        cookies::issue(app, identity, way, grant).put(response.headers_mut());
        Ok(response)
    }
}

pub(crate) fn to(status: StatusCode, url: &str) -> Result<Response> {
    let mut response = status.into_response();
    let url = HeaderValue::try_from(url).map_err(Error::internal)?;
    response.headers_mut().insert(header::LOCATION, url);
    Ok(response)
}

/// A refusal as a page: whoever sees it looks at a browser. Where a password or a second factor is all that is missing, the
/// page asks for it.
pub(crate) fn explained(error: &Error) -> Response {
    let member = |name| error.members().get(name).and_then(serde_json::Value::as_str);
    let (title, body) = match (member("ticket"), member("challenge"), member("return_to")) {
        (Some(ticket), ..) => ("Link your account", link_form(ticket, None)),
        (None, Some(challenge), Some(path)) => ("One more step", factor_form(challenge, path, None)),
        _ => ("Signing in did not work", refusal(error)),
    };
    secretive(page(web::status(error.kind()), title, &body))
}

/// The page's own address: it stands outside the gate, so what the form does is limited and held against other sites here.
pub(crate) fn pages() -> Router<App> {
    Router::new().route("/sso/link", post(post_link)).route("/sso/second-factor", post(post_second_factor))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkForm {
    ticket: String,
    password: String,
}

async fn post_link(
    State(app): State<App>,
    sender: Sender,
    form: Result<Form<LinkForm>, Problem>,
) -> Response {
    let (inst, form) = match come_in(&app, &sender, form).await {
        Ok(come) => come,
        Err(refusal) => return refusal,
    };
    match linked(&app, &inst, &sender.2, Client(address_of(&sender)), &form).await {
        Ok(response) => response,
        Err(error) if error.code() == "invalid_credentials" => {
            let body = link_form(&form.ticket, Some(&error));
            secretive(page(StatusCode::UNAUTHORIZED, "Link your account", &body))
        }
        Err(error) => explained(&error),
    }
}

async fn linked(
    app: &App,
    inst: &Installation,
    headers: &HeaderMap,
    client: Client,
    form: &LinkForm,
) -> Result<Response> {
    let identity = app.extension::<Identity>()?;
    // Before anything is linked: without a cookie there would be nothing to show for it.
    Way::of(app, headers)?;
    let password = password_text(&Zeroizing::new(form.password.clone()));
    let door = Link { ticket: form.ticket.clone(), password };
    let outcome = link_by_password(app, &identity, inst, door).await;
    if let Err(error) = &outcome {
        identity.refusals.count(error.code(), client.0, app.clock().now());
    }
    let (person, ticket) = outcome?;
    let entry = Entry { app, identity: &identity, inst, headers };
    entry.open(person, origin(headers, client), Some(ticket.return_to.as_deref().unwrap_or("/"))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorForm {
    challenge: String,
    code: String,
    return_to: String,
}

async fn post_second_factor(
    State(app): State<App>,
    sender: Sender,
    form: Result<Form<FactorForm>, Problem>,
) -> Response {
    let (inst, form) = match come_in(&app, &sender, form).await {
        Ok(come) => come,
        Err(refusal) => return refusal,
    };
    match shown(&app, &inst, &sender.2, Client(address_of(&sender)), &form).await {
        Ok(response) => response,
        Err(error) if error.code() == "second_factor_invalid" => {
            let body = factor_form(&form.challenge, &form.return_to, Some(&error));
            secretive(page(StatusCode::UNAUTHORIZED, "One more step", &body))
        }
        Err(error) => explained(&error),
    }
}

async fn shown(
    app: &App,
    inst: &Installation,
    headers: &HeaderMap,
    client: Client,
    form: &FactorForm,
) -> Result<Response> {
    let identity = app.extension::<Identity>()?;
    let way = Way::of(app, headers)?;
    // The page that we sent had it from us; a form can be sent by hand all the same (A15).
    let path = Some(form.return_to.as_str()).filter(|path| is_own_path(path)).unwrap_or("/");
    let guest = Guest { origin: origin(headers, client), kind: SessionKind::Cookie };
    let code = Answer::Code(Zeroizing::new(form.code.clone()));
    let opened = ops_door::answer(app, &identity, inst, &form.challenge, code, guest).await;
    let grant = opened.inspect_err(|error| {
        identity.refusals.count(error.code(), client.0, app.clock().now());
    })?;
    Entry { app, identity: &identity, inst, headers }.send(way, &grant, path).await
}
