//! The one way in to the API: who is asking, where, whether he may, and whether too often.
//!
//! Every request of the API passes here before its handler is chosen, so a handler without a rule cannot be reached.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, header};
use ring::digest;
use types::{Actor, Error, Installation, Result, Scope, Trace};

use crate::access::{Access, Rule};
use crate::app::App;
use crate::caller::{Caller, Credential, wanted_workspace};
use crate::context::{Context, not_signed_in};
use crate::edge::ClientAddr;
use crate::etag::Condition;
use crate::faults::Fault;
use crate::idempotency_key::RawKey;
use crate::limits;
use crate::problem::Problem;

/// Runs the request through the gate and then its handler, and tells on the way out what is left of the limit.
pub(crate) async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(access) = rule(&app, &request) else {
        return next.run(request).await;
    };
    let client = client(&request);
    let asked = identify(&app, request.headers(), trace(&request), access, client).await;
    let principal = match &asked {
        Ok((Some(caller), _)) => Some(caller.principal.clone()),
        _ => None,
    };
    let subject = principal.clone().unwrap_or_else(|| limits::network(client));
    let verdict = if app.broken(Fault::NoLimits) {
        None
    } else {
        app.count(access.tier, principal.is_some(), &subject)
    };
    let refused = verdict.as_ref().filter(|verdict| !verdict.allowed).map(limits::too_many);
    let mut response = match (asked, refused) {
        (Err(error), None) | (_, Some(error)) => Problem::from(error).into_response(),
        (Ok((caller, scope)), None) => {
            let entrance = Entrance { app: app.clone(), access, client, caller, scope };
            match entrance.admit(request).await {
                Ok(request) => next.run(request).await,
                Err(error) => Problem::from(error).into_response(),
            }
        }
    };
    if let Some(verdict) = &verdict {
        limits::tell(response.headers_mut(), verdict);
    }
    response
}

fn rule(app: &App, request: &Request) -> Option<Access> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    // A method that the address does not have is answered 405 by the router.
    app.access().find(route, request.method())
}

fn client(request: &Request) -> IpAddr {
    request.extensions().get::<ClientAddr>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.0)
}

fn trace(request: &Request) -> Trace {
    request.extensions().get::<Trace>().cloned().unwrap_or_default()
}

/// Sign-in, membership and the permission of the route.
async fn identify(
    app: &App,
    headers: &HeaderMap,
    trace: Trace,
    access: Access,
    client: IpAddr,
) -> Result<(Option<Caller>, Option<Scope>)> {
    if access.rule == Rule::Anyone {
        return Ok((None, None));
    }
    let wanted = wanted_workspace(headers)?;
    let caller = match Credential::read(headers)? {
        Some(credential) => Some(app.authenticate().identify(app, credential, wanted, client).await?),
        None => None,
    };
    let Some(caller) = caller else {
        return match access.rule {
            Rule::Open(_) => {
                let scope = public_scope(app, trace).await?;
                scope.map(|scope| (None, Some(scope))).ok_or_else(not_signed_in)
            }
            _ => Err(not_signed_in()),
        };
    };
    if !app.broken(Fault::OpenGate) {
        permit(access.rule, &caller)?;
    }
    let at = if app.broken(Fault::OneWorkspace) {
        app.authenticate().public_workspace(app).await?
    } else {
        caller.workspace
    };
    let scope = at.map(|at| Scope::of_request(at, caller.actor.clone(), trace.clone()));
    Ok((Some(caller), scope))
}

/// What anonymous callers may see, if a workspace is open to them.
pub async fn public_scope(app: &App, trace: Trace) -> Result<Option<Scope>> {
    let workspace = app.authenticate().public_workspace(app).await?;
    Ok(workspace.map(|workspace| Scope::public(workspace, trace)))
}

fn permit(rule: Rule, caller: &Caller) -> Result<()> {
    let (rights, permission) = match rule {
        Rule::Anyone | Rule::SignedIn => return Ok(()),
        Rule::Open(permission) | Rule::Workspace(permission) => {
            if caller.workspace.is_none() {
                return Err(Error::forbidden(
                    "no_workspace",
                    "This needs a workspace, and you belong to none.",
                ));
            }
            (&caller.rights, permission)
        }
        Rule::Installation(permission) => (&caller.installation, permission),
    };
    if rights.hold(permission) {
        return Ok(());
    }
    Err(Error::forbidden("permission_needed", format!("This needs the permission {}.", permission.as_str()))
        .with("permission", permission.as_str()))
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
    /// Reads what the extractors need, the body of a write included: its hash belongs to the fingerprint.
    async fn admit(self, request: Request) -> Result<Request> {
        let trace = trace(&request);
        let actor = self.caller.as_ref().map_or_else(Actor::anonymous, |caller| caller.actor.clone());
        let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
        let (mut parts, body) = request.into_parts();
        let (body, body_sha256) = if writes { read(body).await? } else { (body, Vec::new()) };
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
