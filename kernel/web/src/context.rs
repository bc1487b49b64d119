//! What is known of a request once it has passed the gate.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use types::{Error, Installation, Result, Scope, WorkspaceId};

use crate::access::{Access, Rule};
use crate::app::App;
use crate::caller::Caller;
use crate::etag::Condition;
use crate::idempotency_key::RawKey;
use crate::problem::Problem;

/// Made by the gate, read by the extractors.
pub(crate) struct Context {
    pub app: App,
    pub access: Access,
    pub caller: Option<Caller>,
    pub scope: Option<Scope>,
    pub installation: Installation,
    pub client: IpAddr,
    pub method: http::Method,
    pub path: String,
    pub query: String,
    pub media_type: String,
    pub body_sha256: Vec<u8>,
    pub key: Option<RawKey>,
    pub if_match: Option<Condition>,
    pub if_none_match: Option<Condition>,
}

impl Context {
    /// Who sees the reply, as far as tags care.
    pub(crate) fn audience(&self) -> String {
        match (&self.caller, &self.scope) {
            (Some(caller), _) => caller.audience(self.is_personal()),
            (None, Some(scope)) => format!("p{}", types::hex(&scope.workspace().as_bytes()[10..])),
            (None, None) => "anonymous".into(),
        }
    }

    /// Whether the answer depends on who asks, beyond what he may do in a workspace.
    fn is_personal(&self) -> bool {
        matches!(self.access.rule, Rule::SignedIn | Rule::Installation(_))
    }

    /// Who an idempotency key belongs to: the caller, or the network of one who has not signed in.
    pub(crate) fn principal(&self) -> Arc<str> {
        match &self.caller {
            Some(caller) => Arc::clone(&caller.principal),
            None => crate::limits::network(self.client).into(),
        }
    }

    pub(crate) fn workspace(&self) -> Option<WorkspaceId> {
        self.scope.as_ref().map(Scope::workspace)
    }

    pub(crate) fn of(parts: &Parts) -> Result<Arc<Self>, Problem> {
        parts.extensions.get::<Arc<Self>>().cloned().ok_or_else(|| {
            // A handler outside the gate asked for a scope: there is none, and none is made up.
            Error::internal("the route did not pass the gate").into()
        })
    }
}

/// What a handler stands on: a workspace, or the installation.
pub trait Ground: Clone + Send + Sync + Sized + 'static {
    #[doc(hidden)]
    fn of(found: &Found<'_>) -> Result<Self>;
}

/// What the gate found, as far as a [`Ground`] may look.
pub struct Found<'a>(pub(crate) &'a Context);

impl Ground for Scope {
    fn of(found: &Found<'_>) -> Result<Self> {
        found.0.scope.clone().ok_or_else(|| {
            Error::forbidden("no_workspace", "This needs a workspace, and you belong to none.")
        })
    }
}

impl Ground for Installation {
    fn of(found: &Found<'_>) -> Result<Self> {
        Ok(found.0.installation.clone())
    }
}

/// Whoever signed in. Only behind rules that ask for it.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Context::of(parts)?.caller.clone().ok_or_else(|| not_signed_in().into())
    }
}

/// The address that the request came from, as far as the proxies can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(Context::of(parts)?.client))
    }
}

pub(crate) fn not_signed_in() -> Error {
    Error::unauthenticated("not_signed_in", "Sign in first.")
}
