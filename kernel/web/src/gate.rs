//! The one way in to the API: who is asking, where, whether he may, and whether too often.
//!
//! Every request of the API passes here before its handler is chosen, so a handler without a rule cannot be reached.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, header};
use ring::digest;
use tokio::time::Instant;
use tracing::Span;
use types::{Actor, Error, Installation, Kind, Result, Scope, Trace};

use crate::access::{Access, Rule, Tier};
use crate::app::App;
use crate::caller::{Caller, Credential, wanted_workspace};
use crate::context::{Context, not_signed_in};
use crate::cookie;
use crate::edge::ClientAddr;
use crate::etag::Condition;
use crate::faults::Fault;
use crate::idempotency_key::RawKey;
use crate::judge::{judge, permit};
use crate::limits;
use crate::problem::Problem;
use crate::published;
use crate::refusals::Asker;

/// Runs the request through the gate and then its handler, and tells on the way out what is left of the limit.
pub(crate) async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(access) = rule(&app, &request) else {
        return unlisted(&app, &request);
    };
    let client = client(&request);
    let caller = identify(&app, request.method(), request.headers(), access, client).await;
    let asker = caller.as_ref().ok().and_then(Option::as_ref).map(|caller| Asker::of(caller, client));
    // Whoever is known counts for himself, whatever he is refused afterwards.
    let known = caller.as_ref().ok().and_then(Option::as_ref);
    let page = known.filter(|caller| caller.published).and_then(|_| published::page(request.headers()));
    let verdict = if app.broken(Fault::NoLimits) { None } else { limit(&app, access, known, client).await };
    let refused = verdict.as_ref().filter(|verdict| !verdict.allowed).map(limits::too_many);
    let admitted = match refused {
        Some(error) => Err(error),
        None => enter(&app, access, client, caller, request).await,
    };
    let mut response = match admitted {
        Ok(request) => next.run(request).await,
        Err(error) => Problem::from(error).into_response(),
    };
    if let Some(asker) = &asker {
        app.refusals().note(&response, asker, access.operation, app.clock().now());
    }
    if let Some(verdict) = &verdict {
        limits::tell(response.headers_mut(), verdict);
    }
    if let Some(page) = page {
        crate::edge::allow_page(page, response.headers_mut());
    }
    if access.rule != Rule::Anyone {
        // What is public for one caller must not be handed to another out of somebody's cache.
        response.headers_mut().append(header::VARY, WHO);
    }
    response
}

/// Counts the request against the caller's own limit and that of his workspace; the tighter one is told.
async fn limit(app: &App, access: Access, known: Option<&Caller>, client: IpAddr) -> Option<cache::Verdict> {
    let own = count(app, access, known, client).await?;
    let Some(caller) = known.filter(|_| own.allowed) else { return Some(own) };
    match app.count_workspace(caller).await {
        Some(shared) if !shared.allowed || shared.remaining < own.remaining => Some(shared),
        _ => Some(own),
    }
}

/// Counts the request. Whoever comes with a publishable key counts for his network, so that one visitor of a page can not
/// use up what the others have.
async fn count(app: &App, access: Access, known: Option<&Caller>, client: IpAddr) -> Option<cache::Verdict> {
    let network = limits::network(client);
    match known {
        None => app.count(access.tier, false, &network).await,
        Some(caller) if caller.published => {
            let tier = if access.tier == Tier::Normal { Tier::Published } else { access.tier };
            app.count(tier, false, &format!("{} {network}", caller.principal)).await
        }
        Some(caller) => app.count(access.tier, true, &caller.principal).await,
    }
}

/// The plain pages ask for nobody's name, but they ask the database: a network may come so often, like any visitor.
pub(crate) async fn visitors(State(app): State<App>, request: Request, next: Next) -> Response {
    let verdict = app.count(Tier::Normal, false, &limits::network(client(&request))).await;
    let mut response = match verdict.as_ref().filter(|verdict| !verdict.allowed) {
        Some(verdict) => Problem::from(limits::too_many(verdict)).into_response(),
        None => next.run(request).await,
    };
    if let Some(verdict) = &verdict {
        limits::tell(response.headers_mut(), verdict);
    }
    response
}

/// What of a request decides who is answered, and about which workspace.
const WHO: HeaderValue = HeaderValue::from_static("authorization, cookie, x-api-key, x-workspace-id");

/// From who is asking to a request that its handler may see.
async fn enter(
    app: &App,
    access: Access,
    client: IpAddr,
    caller: Result<Option<Caller>>,
    request: Request,
) -> Result<Request> {
    let (mut caller, mut scope) =
        judge(app, access, caller?, request.method(), request.headers(), trace(&request)).await?;
    let began = Instant::now();
    let (request, body_sha256) = with_body(request).await?;
    // Whoever sends slowly may have lost meanwhile what he was let in for.
    if began.elapsed() >= SLOW {
        let again = identify(app, request.method(), request.headers(), access, client).await?;
        (caller, scope) =
            judge(app, access, again, request.method(), request.headers(), trace(&request)).await?;
    }
    name_in_log(caller.as_ref(), scope.as_ref());
    Entrance { app: app.clone(), access, client, caller, scope }.admit(request, body_sha256)
}

/// From here on the lines of the log say who asks, and where.
fn name_in_log(caller: Option<&Caller>, scope: Option<&Scope>) {
    let span = Span::current();
    if let Some(caller) = caller {
        span.record("actor", &*caller.principal);
    }
    if let Some(scope) = scope {
        span.record("workspace", scope.workspace().to_string().as_str());
    }
}

/// A body that took this long came from somebody who has to be looked at again: with the age that knowledge of a caller may
/// have, a right that was taken away is gone within a second.
const SLOW: Duration = Duration::from_millis(200);

/// A method that the table does not list, and a route that it does not know, end here: a handler without a rule is
/// never reached.
fn unlisted(app: &App, request: &Request) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let methods = app.access().methods(route);
    if methods.is_empty() {
        return Problem::from(Error::not_found()).into_response();
    }
    let mut response = Problem::from(no_such_method()).into_response();
    if let Ok(allow) = HeaderValue::try_from(methods.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

pub(crate) fn no_such_method() -> Error {
    Error::new(Kind::MethodNotAllowed, "method_not_allowed", "This address does not have that method.")
}

fn rule(app: &App, request: &Request) -> Option<Access> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    app.access().find(route, request.method())
}

pub(crate) fn client(request: &Request) -> IpAddr {
    request.extensions().get::<ClientAddr>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.0)
}

fn trace(request: &Request) -> Trace {
    request.extensions().get::<Trace>().cloned().unwrap_or_default()
}

/// Sign-in and membership; `None` for who brought no credential.
async fn identify(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    access: Access,
    client: IpAddr,
) -> Result<Option<Caller>> {
    if access.rule == Rule::Anyone {
        return Ok(None);
    }
    let wanted = wanted_workspace(headers)?;
    let credential = Credential::read(headers)?;
    if let Some(Credential::Cookie(cookie)) = &credential {
        cookie::check(app, method, headers, cookie)?;
    }
    match credential {
        Some(credential) => app.authenticate().identify(app, credential, wanted, client).await.map(Some),
        None => Ok(None),
    }
}

/// The permission of the route, and the workspace that the request stands on.
pub(crate) async fn scope(
    app: &App,
    rule: Rule,
    caller: Option<&Caller>,
    trace: Trace,
) -> Result<Option<Scope>> {
    let Some(caller) = caller else {
        return match rule {
            Rule::Anyone => Ok(None),
            Rule::Open(_) => public_scope(app, trace).await?.map(Some).ok_or_else(not_signed_in),
            _ => Err(not_signed_in()),
        };
    };
    if !app.broken(Fault::OpenGate) {
        permit(rule, caller)?;
    }
    let at = if app.broken(Fault::OneWorkspace) {
        app.authenticate().public_workspace(app).await?
    } else {
        caller.workspace
    };
    Ok(at.map(|at| Scope::of_request(at, caller.actor.clone(), trace)))
}

/// What anonymous callers may see, if a workspace is open to them.
pub async fn public_scope(app: &App, trace: Trace) -> Result<Option<Scope>> {
    let workspace = app.authenticate().public_workspace(app).await?;
    Ok(workspace.map(|workspace| Scope::public(workspace, trace)))
}

/// What the gate has found out, on its way into the request.
struct Entrance {
    app: App,
    access: Access,
    client: IpAddr,
    caller: Option<Caller>,
    scope: Option<Scope>,
}

impl Entrance {
    /// Reads what the extractors need.
    fn admit(self, request: Request, body_sha256: Vec<u8>) -> Result<Request> {
        let trace = trace(&request);
        let actor = self.caller.as_ref().map_or_else(Actor::anonymous, |caller| caller.actor.clone());
        let writes = writes(request.method());
        let (mut parts, body) = request.into_parts();
        let context = Context {
            installation: Installation::of_request(actor, trace),
            app: self.app,
            access: self.access,
            caller: self.caller,
            scope: self.scope,
            client: self.client,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            media_type: crate::body::media_type(&parts.headers),
            body_sha256,
            key: if writes { RawKey::read(&parts.headers)? } else { None },
            if_match: Condition::read(&parts.headers, &header::IF_MATCH)?,
            if_none_match: Condition::read(&parts.headers, &header::IF_NONE_MATCH)?,
        };
        parts.extensions.insert(Arc::new(context));
        Ok(Request::from_parts(parts, body))
    }
}

pub(crate) fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// The request with all of its body, if it is a write, and the hash of that: it belongs to the fingerprint.
async fn with_body(request: Request) -> Result<(Request, Vec<u8>)> {
    if !writes(request.method()) {
        return Ok((request, Vec::new()));
    }
    let (parts, body) = request.into_parts();
    let (body, hash) = read(body).await?;
    Ok((Request::from_parts(parts, body), hash))
}

async fn read(body: Body) -> Result<(Body, Vec<u8>)> {
    use http_body_util::BodyExt as _;
    let bytes = body
        .collect()
        .await
        // A body that went past a limit gets the problem of that limit from the edge.
        .map_err(|_| Error::malformed("bad_body", "The body could not be read to its end."))?
        .to_bytes();
    let hash = digest::digest(&digest::SHA256, &bytes).as_ref().to_vec();
    Ok((Body::from(bytes), hash))
}
