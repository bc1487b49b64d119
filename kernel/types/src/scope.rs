//! Where a statement may look: one workspace, on behalf of one actor.
//!
//! A store function takes a `Scope` first, so a statement without a tenant cannot be written by forgetting.
//! The functions here that make one may be named only in the files that tidy lists.

use crate::{Actor, Trace, WorkspaceId};

/// One workspace, and who acts in it.
#[derive(Clone, Debug)]
pub struct Scope {
    workspace: WorkspaceId,
    actor: Actor,
    trace: Trace,
    public: bool,
}

impl Scope {
    /// The scope of a request whose caller was found to belong to the workspace.
    pub fn of_request(workspace: WorkspaceId, actor: Actor, trace: Trace) -> Self {
        Self { workspace, actor, trace, public: false }
    }

    /// What anonymous callers may see of a workspace that was opened to them.
    pub fn public(workspace: WorkspaceId, trace: Trace) -> Self {
        Self { workspace, actor: Actor::anonymous(), trace, public: true }
    }

    /// Mainstay acting for itself in a workspace. The reason is logged.
    pub fn system(workspace: WorkspaceId, reason: &'static str) -> Self {
        tracing::info!(%workspace, reason, "acting as the system");
        Self { workspace, actor: Actor::system(reason), trace: Trace::default(), public: false }
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Whether only what is open to everybody may be shown.
    pub fn is_public(&self) -> bool {
        self.public
    }
}

/// The scope of the few tables that belong to no workspace; tidy lists the files that may use it.
#[derive(Clone, Debug)]
pub struct Installation {
    actor: Actor,
    trace: Trace,
}

impl Installation {
    pub fn of_request(actor: Actor, trace: Trace) -> Self {
        Self { actor, trace }
    }

    pub fn system(reason: &'static str) -> Self {
        tracing::debug!(reason, "acting on the installation");
        Self { actor: Actor::system(reason), trace: Trace::default() }
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}
