//! All SQL about the settings of workspaces.

use db::{Read, Tx, params};
use types::{Result, Scope, Time};

use super::model::Choices;
use crate::workspaces::roles::store::{columns, joined, post};

/// The settings of the workspace; where there is no row, what they are without one.
pub(crate) async fn get(rx: &mut Read, scope: &Scope) -> Result<Choices> {
    let sql = concat!(
        "SELECT m.invitation_days, m.updated_at, m.revision, ",
        columns!(),
        " FROM workspace_settings m ",
        joined!(),
        " WHERE m.workspace_id = $1"
    );
    let Some(mut row) = rx.row(sql, params![scope.workspace()]).await? else { return Ok(Choices::default()) };
    Ok(Choices {
        post: post(&mut row)?,
        invitation_days: row.take("invitation_days")?,
        updated_at: row.take("updated_at")?,
        revision: row.take("revision")?,
    })
}

/// Writes them down, as the next revision.
pub(crate) async fn put(tx: &mut Tx, scope: &Scope, new: &Choices, now: Time) -> Result<()> {
    let sql = "INSERT INTO workspace_settings \
               (workspace_id, role, role_id, invitation_days, updated_at, revision) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id) DO UPDATE SET role = excluded.role, \
               role_id = excluded.role_id, \
               invitation_days = excluded.invitation_days, updated_at = excluded.updated_at, revision = excluded.revision";
    let role = new.post.role;
    let values =
        params![scope.workspace(), role.kept(), role.id(), new.invitation_days, now, new.revision + 1];
    tx.execute(sql, values).await?;
    Ok(())
}
