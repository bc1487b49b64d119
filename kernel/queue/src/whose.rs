//! For whom a job is done: the scope that asked for it, as it is kept beside the job and made from it again.
//!
//! The one place of the queue that issues scopes: what is kept was proven when the job was asked for.

use types::{Actor, ActorKind, Error, Installation, Result, Scope, Trace, WorkspaceId};

/// The lane of what belongs to no workspace. No id of a workspace reads like that.
pub(crate) const INSTALLATION: &str = "installation";

#[derive(Clone, Debug)]
pub(crate) enum Whose {
    Workspace(Scope),
    Installation(Installation),
}

impl Whose {
    pub(crate) fn kept(workspace: Option<WorkspaceId>, actor: Actor, trace: Trace) -> Self {
        match workspace {
            // Whoever asked without a name sees no more in a job than in a request.
            Some(workspace) if actor.kind == ActorKind::Anonymous => {
                Self::Workspace(Scope::public(workspace, trace))
            }
            Some(workspace) => Self::Workspace(Scope::of_request(workspace, actor, trace)),
            None => Self::Installation(Installation::of_request(actor, trace)),
        }
    }

    pub(crate) fn lane(&self) -> String {
        match self {
            Self::Workspace(scope) => scope.workspace().to_string(),
            Self::Installation(_) => INSTALLATION.into(),
        }
    }

    pub(crate) fn workspace(&self) -> Option<WorkspaceId> {
        match self {
            Self::Workspace(scope) => Some(scope.workspace()),
            Self::Installation(_) => None,
        }
    }

    pub(crate) fn actor(&self) -> &Actor {
        match self {
            Self::Workspace(scope) => scope.actor(),
            Self::Installation(by) => by.actor(),
        }
    }

    pub(crate) fn trace(&self) -> &Trace {
        match self {
            Self::Workspace(scope) => scope.trace(),
            Self::Installation(by) => by.trace(),
        }
    }

    pub(crate) fn scope(&self) -> Result<&Scope> {
        match self {
            Self::Workspace(scope) => Ok(scope),
            Self::Installation(_) => Err(Error::internal("the job belongs to no workspace")),
        }
    }

    pub(crate) fn installation(&self) -> Result<&Installation> {
        match self {
            Self::Installation(by) => Ok(by),
            Self::Workspace(_) => Err(Error::internal("the job belongs to a workspace")),
        }
    }
}

/// On whose behalf the clock asks for jobs.
pub(crate) fn clockwork() -> Installation {
    Installation::system("a schedule")
}

pub(crate) fn actor_kind(text: &str) -> Result<ActorKind> {
    [ActorKind::Person, ActorKind::Key, ActorKind::Anonymous, ActorKind::System]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| Error::internal(format!("no actor is of the kind {text}")))
}
