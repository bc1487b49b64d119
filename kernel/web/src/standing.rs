//! Whether whoever began a long answer may still have it.

use std::net::IpAddr;
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;
use types::{Error, Permission, Result, WorkspaceId};

use crate::app::App;
use crate::caller::{Caller, Credential};
use crate::faults::Fault;

/// Whose rights were taken away is gone after this and one look; the promise is five seconds.
const CHECK: Duration = Duration::from_secs(2);
/// How long making sure may take before it counts as a no.
const PATIENCE: Duration = Duration::from_secs(2);

/// A caller who is identified anew every two seconds, by the credential that he began with.
pub struct Standing {
    app: App,
    principal: String,
    workspace: Option<WorkspaceId>,
    needed: Permission,
    client: IpAddr,
    headers: HeaderMap,
    check_at: Instant,
}

impl Standing {
    pub fn new(app: &App, caller: &Caller, client: IpAddr, headers: HeaderMap, needed: Permission) -> Self {
        Self {
            app: app.clone(),
            principal: caller.principal.clone(),
            workspace: caller.workspace,
            needed,
            client,
            headers,
            check_at: Instant::now() + CHECK,
        }
    }

    /// Asks at most every two seconds; called again and again while the answer goes on. Every failure on the way is a no.
    pub async fn holds(&mut self) -> bool {
        if Instant::now() < self.check_at || self.app.broken(Fault::DeafStreams) {
            return true;
        }
        self.check_at = Instant::now() + CHECK;
        match tokio::time::timeout(PATIENCE, self.identify()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::info!(principal = %self.principal, code = error.code(), "a stream is closed");
                false
            }
            Err(_) => {
                tracing::warn!(principal = %self.principal, "a stream is closed: its caller could not be identified in time");
                false
            }
        }
    }

    async fn identify(&self) -> Result<()> {
        let credential = Credential::read(&self.headers)?
            .ok_or_else(|| Error::unauthenticated("not_signed_in", "Sign in first."))?;
        let wanted = self.workspace.map(|workspace| workspace.to_string());
        let caller =
            self.app.authenticate().identify(&self.app, credential, wanted.as_deref(), self.client).await?;
        let same = caller.workspace == self.workspace && caller.principal == self.principal;
        if same && caller.rights.hold(self.needed) {
            return Ok(());
        }
        Err(Error::forbidden("revoked", "The right to read this was taken away."))
    }
}
