//! Whether whoever began a long answer may still have it: asked again and again, because a connection outlives the
//! request that opened it.
//!
//! Owns the question and when it is asked. Refuses to know what is being listened to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use tokio::time::Instant;
use types::{Error, Kind, Permission, Result, Rights, WorkspaceId};

use crate::app::App;
use crate::caller::{Caller, Credential};
use crate::faults::Fault;

/// Whose rights were taken away is gone after this and one look; the promise is five seconds.
const CHECK: Duration = Duration::from_secs(2);
/// How long making sure may take before it counts as a no.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a caller proves who he is, again and again.
#[derive(Clone)]
pub struct Proof {
    credential: Arc<dyn Fn() -> Result<Credential> + Send + Sync>,
    client: IpAddr,
}

impl Proof {
    /// By what the request brought along.
    pub fn of_request(client: IpAddr, headers: HeaderMap) -> Self {
        let credential = move || {
            Credential::read(&headers)?
                .ok_or_else(|| Error::unauthenticated("not_signed_in", "Sign in first."))
        };
        Self { credential: Arc::new(credential), client }
    }

    /// By a credential that came otherwise, as in the first message on a socket.
    pub fn of(client: IpAddr, credential: Credential) -> Self {
        Self { credential: Arc::new(move || Ok(credential.clone())), client }
    }
}

/// Why somebody listens no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server goes to sleep.
    Stopping,
    /// The credential is no good any more.
    SignedOut,
    /// He is who he was, and may not read any more.
    NotAllowed,
    /// It could not be found out in time, or what he reads could not be read.
    Unknown,
}

/// A caller who is identified anew every two seconds, by the proof that he began with.
pub struct Standing {
    question: Question,
    rights: Rights,
    check_at: Instant,
    /// A question that was asked and not answered yet: whoever waits may be called away, the question goes on.
    asked: Option<BoxFuture<'static, Result<Rights, Ended>>>,
}

#[derive(Clone)]
struct Question {
    app: App,
    principal: Arc<str>,
    workspace: Option<WorkspaceId>,
    needed: Permission,
    proof: Proof,
}

impl Standing {
    pub fn begin(app: &App, caller: &Caller, proof: Proof, needed: Permission) -> Self {
        let question = Question {
            app: app.clone(),
            principal: Arc::clone(&caller.principal),
            workspace: caller.workspace,
            needed,
            proof,
        };
        Self { question, rights: caller.rights.clone(), check_at: Instant::now() + CHECK, asked: None }
    }

    pub fn principal(&self) -> &str {
        &self.question.principal
    }

    /// What he could do when he was last asked.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Whether it is time to ask.
    pub fn is_due(&self) -> bool {
        self.asked.is_some() || Instant::now() >= self.check_at
    }

    /// Waits until it is time, and makes sure that whoever began is still who he was, in the same workspace, with the
    /// right to read. Every failure on the way is a no. Safe to drop while it waits.
    pub async fn check(&mut self) -> Result<(), Ended> {
        if self.asked.is_none() {
            tokio::time::sleep_until(self.check_at).await;
        }
        if self.question.app.broken(Fault::DeafStreams) {
            self.check_at = Instant::now() + CHECK;
            return Ok(());
        }
        let question = &self.question;
        let answer = self.asked.get_or_insert_with(|| question.clone().ask().boxed()).await;
        self.asked = None;
        self.check_at = Instant::now() + CHECK;
        self.rights = answer?;
        Ok(())
    }
}

impl Question {
    async fn ask(self) -> Result<Rights, Ended> {
        let principal = &self.principal;
        let error = match tokio::time::timeout(PATIENCE, self.identify()).await {
            Ok(Ok(rights)) => return Ok(rights),
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

    async fn identify(&self) -> Result<Rights> {
        let wanted = self.workspace.map(|workspace| workspace.to_string());
        let credential = (self.proof.credential)()?;
        let identify =
            self.app.authenticate().identify(&self.app, credential, wanted.as_deref(), self.proof.client);
        let caller = identify.await?;
        let same = caller.workspace == self.workspace && caller.principal == self.principal;
        // A permission counts in one realm only, so it cannot be held in the wrong one.
        if same && (caller.rights.hold(self.needed) || caller.installation.hold(self.needed)) {
            return Ok(caller.rights);
        }
        Err(Error::forbidden("revoked", "The right to read this was taken away."))
    }
}
