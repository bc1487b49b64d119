//! All SQL about limits, and how much of each a workspace has.

use db::{Read, Tx, params};
use types::{Installation, Result, Scope, WorkspaceId};

use super::model::Name;

/// What the operator set for the workspace.
pub(crate) async fn of(rx: &mut Read, scope: &Scope, name: Name) -> Result<Option<i64>> {
    let sql = "SELECT value FROM workspace_limits WHERE workspace_id = $1 AND name = $2";
    let row = rx.row(sql, params![scope.workspace(), name.as_str()]).await?;
    row.map(|mut row| Ok(row.take("value")?)).transpose()
}

/// How many requests a minute a workspace has, where that was set.
pub(crate) async fn requests(rx: &mut Read, _: &Installation, id: WorkspaceId) -> Result<Option<u32>> {
    let sql = "SELECT value FROM workspace_limits WHERE workspace_id = $1 AND name = $2";
    let row = rx.row(sql, params![id, Name::Requests.as_str()]).await?;
    row.map(|mut row| Ok(as_count(row.take("value")?))).transpose()
}

pub(crate) fn as_count(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(if value < 0 { 0 } else { u32::MAX })
}

/// Sets a limit, or with `None` leaves it to the settings.
pub(crate) async fn set(tx: &mut Tx, scope: &Scope, name: Name, value: Option<i64>) -> Result<()> {
    let Some(value) = value else {
        let sql = "DELETE FROM workspace_limits WHERE workspace_id = $1 AND name = $2";
        tx.execute(sql, params![scope.workspace(), name.as_str()]).await?;
        return Ok(());
    };
    let sql = "INSERT INTO workspace_limits (workspace_id, name, value) VALUES ($1, $2, $3) \
               ON CONFLICT (workspace_id, name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, params![scope.workspace(), name.as_str(), value]).await?;
    Ok(())
}

/// How much of it the workspace has; requests are not in a table.
pub(crate) async fn used(rx: &mut Read, scope: &Scope, name: Name) -> Result<i64> {
    let sql = match name {
        Name::Members => "SELECT COUNT(*) AS used FROM memberships WHERE workspace_id = $1",
        Name::ApiKeys => {
            "SELECT COUNT(*) AS used FROM api_keys WHERE workspace_id = $1 AND revoked_at IS NULL \
             AND (expires_at IS NULL OR expires_at > $2)"
        }
        Name::Roles => "SELECT COUNT(*) AS used FROM workspace_roles WHERE workspace_id = $1",
        Name::Invitations => {
            "SELECT COUNT(*) AS used FROM invitations WHERE workspace_id = $1 AND state = 'pending' AND expires_at > $2"
        }
        Name::Requests => return Ok(0),
    };
    let now = rx.now();
    let row = if sql.contains("$2") {
        rx.row(sql, params![scope.workspace(), now]).await?
    } else {
        rx.row(sql, params![scope.workspace()]).await?
    };
    row.map_or(Ok(0), |mut row| Ok(row.take("used")?))
}
