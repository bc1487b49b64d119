//! Whoever opens a socket: known from the request, or known a moment later by what he sends first.

use std::net::IpAddr;
use std::sync::Arc;

use types::{Result, Scope};

use crate::access::Access;
use crate::app::App;
use crate::caller::{Caller, Credential};
use crate::context::{Context, not_signed_in};
use crate::gate;

/// Somebody at the door of a socket.
#[derive(Clone)]
pub struct Visitor {
    pub app: App,
    pub client: IpAddr,
    /// Who the gate found, and the workspace that he stands on.
    pub known: Option<(Caller, Scope)>,
    access: Access,
    trace: types::Trace,
}

impl Visitor {
    pub(super) fn of(context: &Arc<Context>) -> Self {
        Self {
            app: context.app.clone(),
            client: context.client,
            known: context.caller.clone().zip(context.scope.clone()),
            access: context.access,
            trace: context.installation.trace().clone(),
        }
    }

    /// What the gate does with a credential in a header, for one that came later: the same questions, the same answers.
    pub async fn sign_in(&self, credential: Credential, wanted: Option<&str>) -> Result<(Caller, Scope)> {
        let caller = self.app.authenticate().identify(&self.app, credential, wanted, self.client).await?;
        let scope = gate::scope(&self.app, self.access.rule, Some(&caller), self.trace.clone()).await?;
        Ok((caller, scope.ok_or_else(not_signed_in)?))
    }
}
