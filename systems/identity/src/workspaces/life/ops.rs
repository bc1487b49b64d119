//! From one state to another, and what follows: the jobs of a workspace that is not itself wait.

use std::time::Duration;

use db::Tx;
use serde_json::json;
use types::{Error, Result, Scope, Time};

use super::model::Life;
use super::store;
use crate::events;
use crate::workspaces::{self, WorkspaceRow};

/// What can be done to a workspace. Doing it again changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Suspend,
    Resume,
    Archive,
    /// Takes a deletion back, or else an archive.
    Restore,
    /// With the time until nothing is left of it.
    Delete(Duration),
    Pause,
    Unpause,
}

impl Step {
    fn onto(self, life: Life, now: Time) -> Life {
        match self {
            Self::Suspend => Life { suspended_at: life.suspended_at.or(Some(now)), ..life },
            Self::Resume => Life { suspended_at: None, ..life },
            Self::Archive => Life { archived_at: life.archived_at.or(Some(now)), ..life },
            Self::Restore if life.delete_at.is_some() => Life { delete_at: None, ..life },
            Self::Restore => Life { archived_at: None, ..life },
            Self::Delete(grace) => Life { delete_at: life.delete_at.or(Some(now.plus(grace))), ..life },
            Self::Pause => Life { paused_at: life.paused_at.or(Some(now)), ..life },
            Self::Unpause => Life { paused_at: None, ..life },
        }
    }
}

/// Takes the step and answers with the workspace as it is now. The row was read in this transaction.
pub(crate) async fn take(tx: &mut Tx, scope: &Scope, now: WorkspaceRow, step: Step) -> Result<WorkspaceRow> {
    let at = tx.now();
    // Nobody knows how much of it is gone already.
    if step == Step::Restore && now.life.delete_at.is_some_and(|gone| gone <= at) {
        return Err(Error::conflict("grace_over", "Its grace is over: the workspace is being forgotten."));
    }
    let life = step.onto(now.life, at);
    if life == now.life {
        return Ok(now);
    }
    store::set(tx, scope, &life, at).await?;
    queue::hold(tx, scope, life.holds()).await?;
    let payload = json!({
        "state": life.word(at), "paused": life.paused_at.is_some(), "delete_at": life.delete_at,
    });
    let subject = scope.workspace().to_string();
    events::in_workspace(tx, scope, events::WORKSPACE_STATE_CHANGED, subject, payload).await?;
    workspaces::store::get(tx, scope).await?.ok_or_else(Error::not_found)
}
