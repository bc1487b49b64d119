//! The journal as an audit reads it: the same events, with where each was asked for, narrowed by who, what, when and where.
//!
//! Refuses to know who may read it, and which of the kinds are worth an audit.

use std::net::IpAddr;

use db::Read;
use query::{List, Page};
use types::{Installation, Result, Scope, Time, WorkspaceId};

use crate::Event;
use crate::store::audit as store;

/// An event, and where it came from.
#[derive(Clone, Debug)]
pub struct Audited {
    pub event: Event,
    /// None for what belongs to the installation.
    pub workspace: Option<WorkspaceId>,
    /// None when it came from no connection, from a job, or was forgotten.
    pub client: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// Whose events.
#[derive(Clone, Debug)]
pub enum Reach {
    Workspace(Scope),
    /// Of every workspace and of the installation: for an operator.
    Everywhere(Installation),
}

impl From<&Scope> for Reach {
    fn from(scope: &Scope) -> Self {
        Self::Workspace(scope.clone())
    }
}

impl From<&Installation> for Reach {
    fn from(by: &Installation) -> Self {
        Self::Everywhere(by.clone())
    }
}

/// What is looked for. Each that is there has to fit.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Only these; none of them is nothing.
    pub kinds: Vec<&'static str>,
    pub actor: Option<String>,
    pub subject: Option<String>,
    pub from: Option<Time>,
    /// Before this.
    pub until: Option<Time>,
    /// The first and the last address of a network.
    pub network: Option<(IpAddr, IpAddr)>,
    /// Only of this workspace, where the reach is wider.
    pub workspace: Option<WorkspaceId>,
}

/// A part of it, in the order of [`crate::TIMELINE`].
pub async fn page(
    rx: &mut Read,
    reach: impl Into<Reach>,
    sought: &Sought,
    list: &List,
) -> Result<Page<Audited>> {
    store::page(rx, &reach.into(), sought, list).await
}
