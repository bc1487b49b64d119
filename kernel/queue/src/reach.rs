//! Whose jobs somebody may see and steer.

use types::{Installation, Scope};

use crate::whose::{self, Whose};

/// Made from a [`Scope`] for the jobs of a workspace, from an [`Installation`] for those that belong to none.
#[derive(Clone, Debug)]
pub enum Reach {
    Workspace(Scope),
    Installation(Installation),
    /// Every job there is: for an operator at the machine.
    Everywhere(Installation),
}

impl Reach {
    /// A condition on `$1`, and what stands there.
    pub(crate) fn condition(&self) -> (&'static str, String) {
        match self {
            Self::Workspace(scope) => ("lane = $1", scope.workspace().to_string()),
            Self::Installation(_) => ("lane = $1", whose::INSTALLATION.into()),
            Self::Everywhere(_) => ("lane >= $1", String::new()),
        }
    }

    /// Who steers a job, on whose behalf it was asked for.
    pub(crate) fn by(&self, job: &Whose) -> Whose {
        let (actor, trace) = match self {
            Self::Workspace(scope) => (scope.actor(), scope.trace()),
            Self::Installation(by) | Self::Everywhere(by) => (by.actor(), by.trace()),
        };
        Whose::kept(job.workspace(), actor.clone(), trace.clone())
    }

    pub(crate) fn label(&self) -> &str {
        match self {
            Self::Workspace(scope) => &scope.actor().label,
            Self::Installation(by) | Self::Everywhere(by) => &by.actor().label,
        }
    }
}

impl From<&Scope> for Reach {
    fn from(scope: &Scope) -> Self {
        Self::Workspace(scope.clone())
    }
}

impl From<&Installation> for Reach {
    fn from(by: &Installation) -> Self {
        Self::Installation(by.clone())
    }
}
