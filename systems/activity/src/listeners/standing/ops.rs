//! Whether a listener may still know: asked again and again, because a connection outlives the request that opened it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use types::{Error, Kind, Result, Scope, WorkspaceId};
use web::{App, Caller, Credential, Fault};

use crate::{READ, visible_kinds};

/// A listener whose rights were taken away is gone after this and one look; the promise is five seconds.
const CHECK: Duration = Duration::from_secs(2);
/// How long making sure may take before it counts as a no.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a listener proves who he is, again and again.
#[derive(Clone)]
pub(crate) struct Proof {
    pub(crate) credential: Arc<dyn Fn() -> Result<Credential> + Send + Sync>,
    pub(crate) client: IpAddr,
}

impl Proof {
    /// Who that is now, in a workspace or in the one he is at home in.
    pub(crate) async fn identify(&self, app: &App, wanted: Option<&str>) -> Result<Caller> {
        app.authenticate().identify(app, (self.credential)()?, wanted, self.client).await
    }
}

/// Why somebody listens no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The server goes to sleep.
    Stopping,
    /// The credential is no good any more.
    SignedOut,
    /// He is who he was, and may not read any more.
    NotAllowed,
    /// It could not be found out in time, or the journal could not be read.
    Unknown,
}

pub(crate) struct Standing {
    app: App,
    workspace: WorkspaceId,
    pub(crate) principal: String,
    proof: Proof,
    pub(crate) kinds: Vec<&'static str>,
    check_at: Instant,
    /// A question that was asked and not answered yet: whoever waits may be called away, the question goes on.
    asked: Option<BoxFuture<'static, Result<Vec<&'static str>, Ended>>>,
}

impl Standing {
    pub(crate) fn begin(app: &App, scope: &Scope, caller: &Caller, proof: Proof) -> Self {
        Self {
            kinds: visible_kinds(app, &caller.rights),
            app: app.clone(),
            workspace: scope.workspace(),
            principal: caller.principal.clone(),
            proof,
            check_at: Instant::now() + CHECK,
            asked: None,
        }
    }

    /// Whether it is time to ask.
    pub(crate) fn is_due(&self) -> bool {
        self.asked.is_some() || Instant::now() >= self.check_at
    }

    /// Waits until it is time, and makes sure that whoever began is still who he was, in the same workspace, with the
    /// right to read. Every failure on the way is a no. Safe to drop while it waits.
    pub(crate) async fn check(&mut self) -> Result<(), Ended> {
        if self.asked.is_none() {
            tokio::time::sleep_until(self.check_at).await;
        }
        let (app, proof) = (&self.app, &self.proof);
        let (workspace, principal) = (self.workspace, &self.principal);
        let asked = self
            .asked
            .get_or_insert_with(|| ask(app.clone(), proof.clone(), workspace, principal.clone()).boxed());
        let answer = asked.as_mut().await;
        self.asked = None;
        self.check_at = Instant::now() + CHECK;
        self.kinds = answer?;
        Ok(())
    }
}

async fn ask(
    app: App,
    proof: Proof,
    workspace: WorkspaceId,
    principal: String,
) -> Result<Vec<&'static str>, Ended> {
    if app.broken(Fault::DeafStreams) {
        return Ok(crate::declared_kinds(&app));
    }
    let error = match tokio::time::timeout(PATIENCE, identify(&app, &proof, workspace, &principal)).await {
        Ok(Ok(kinds)) => return Ok(kinds),
        Ok(Err(error)) => error,
        Err(_) => {
            tracing::warn!(%principal, "a listener is let go: he could not be identified in time");
            return Err(Ended::Unknown);
        }
    };
    tracing::info!(%principal, code = error.code(), "a listener is let go");
    Err(match error.kind() {
        Kind::Unauthenticated => Ended::SignedOut,
        Kind::Forbidden => Ended::NotAllowed,
        _ => Ended::Unknown,
    })
}

async fn identify(
    app: &App,
    proof: &Proof,
    workspace: WorkspaceId,
    principal: &str,
) -> Result<Vec<&'static str>> {
    let caller = proof.identify(app, Some(&workspace.to_string())).await?;
    let same = caller.workspace == Some(workspace) && caller.principal == principal;
    if !same || !caller.rights.hold(READ) {
        return Err(Error::forbidden("revoked", "The right to read this was taken away."));
    }
    Ok(visible_kinds(app, &caller.rights))
}
