//! All SQL about how workspaces stand.

use db::{Read, Row, Tx, params};
use types::{Installation, Result, Scope, Time, WorkspaceId};

use super::model::Life;

/// Of workspaces `w`: what [`life`] reads.
pub(crate) const LIFE: &str =
    "w.enabled_from, w.enabled_until, w.suspended_at, w.archived_at, w.paused_at, w.delete_at";

pub(crate) fn life(row: &mut Row) -> Result<Life> {
    Ok(Life {
        enabled_from: row.take("enabled_from")?,
        enabled_until: row.take("enabled_until")?,
        suspended_at: row.take("suspended_at")?,
        archived_at: row.take("archived_at")?,
        paused_at: row.take("paused_at")?,
        delete_at: row.take("delete_at")?,
    })
}

pub(crate) async fn get(rx: &mut Read, scope: &Scope) -> Result<Option<Life>> {
    let sql = format!("SELECT {LIFE} FROM workspaces w WHERE w.id = $1");
    rx.row(&sql, params![scope.workspace()]).await?.as_mut().map(life).transpose()
}

pub(crate) async fn set(tx: &mut Tx, scope: &Scope, life: &Life, now: Time) -> Result<()> {
    let sql = "UPDATE workspaces SET suspended_at = $2, archived_at = $3, paused_at = $4, delete_at = $5, updated_at = $6, \
               version = version + 1 WHERE id = $1";
    let Life { suspended_at, archived_at, paused_at, delete_at, .. } = *life;
    tx.execute(sql, params![scope.workspace(), suspended_at, archived_at, paused_at, delete_at, now]).await?;
    Ok(())
}

/// The workspaces whose grace is over, the longest first.
pub(crate) async fn due(rx: &mut Read, _: &Installation, now: Time, most: i64) -> Result<Vec<WorkspaceId>> {
    let sql = "SELECT id FROM workspaces WHERE delete_at <= $1 ORDER BY delete_at, id LIMIT $2";
    let rows = rx.rows(sql, params![now, most]).await?;
    rows.into_iter().map(|mut row| Ok(row.take("id")?)).collect()
}

/// Whether the workspace is to be forgotten, and its grace is over.
pub(crate) async fn is_due(rx: &mut Read, scope: &Scope, now: Time) -> Result<bool> {
    let sql = "SELECT 1 FROM workspaces WHERE id = $1 AND delete_at <= $2";
    Ok(rx.row(sql, params![scope.workspace(), now]).await?.is_some())
}

/// What of identity belongs to a workspace, and the key by which a batch is chosen; those that others point at come last.
const OWNED: [(&str, &str); 6] = [
    ("workspace_transfers", "workspace_id"),
    ("workspace_settings", "workspace_id"),
    ("workspace_limits", "workspace_id"),
    ("invitations", "id"),
    ("api_keys", "id"),
    ("service_accounts", "id"),
];

/// Removes a batch of what belongs to the workspace; 0 when nothing is left but its members, its roles and itself.
pub(crate) async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    for (table, key) in OWNED {
        let sql = format!(
            "DELETE FROM {table} WHERE workspace_id = $1 AND {key} IN (SELECT {key} FROM {table} \
             WHERE workspace_id = $1 LIMIT $2)"
        );
        let removed = tx.execute(&sql, params![scope.workspace(), most]).await?;
        if removed > 0 {
            return Ok(removed);
        }
    }
    Ok(0)
}

/// Its roles and the row itself, last of all.
pub(crate) async fn end(tx: &mut Tx, scope: &Scope) -> Result<()> {
    tx.execute("DELETE FROM workspace_roles WHERE workspace_id = $1", params![scope.workspace()]).await?;
    tx.execute("DELETE FROM workspaces WHERE id = $1", params![scope.workspace()]).await?;
    Ok(())
}
