//! What the operator does to a workspace, over HTTP and at the machine.

use db::{Read, Tx};
use types::{Error, Installation, Result, Scope, WorkspaceId};

use crate::workspaces::life::{self, Step};
use crate::workspaces::{self, WorkspaceRow, store};

/// The workspace and the scope to act in.
pub(crate) async fn find(
    rx: &mut Read,
    inst: &Installation,
    id: WorkspaceId,
) -> Result<(Scope, WorkspaceRow)> {
    let scope = workspaces::ops::at(inst, id);
    let row = store::get(rx, &scope).await?.ok_or_else(Error::not_found)?;
    Ok((scope, row))
}

pub(crate) async fn step(
    tx: &mut Tx,
    inst: &Installation,
    id: WorkspaceId,
    step: Step,
) -> Result<WorkspaceRow> {
    let (scope, row) = find(tx, inst, id).await?;
    life::ops::take(tx, &scope, row, step).await
}
