//! All SQL about service accounts. One that was deleted stays a row for the history, and is found by nobody.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Error, Installation, Result, Scope};

use super::model::{ServiceAccountId, ServiceAccountRow};

const COLUMNS: &str = "id, name, permissions, created_by, created_at, updated_at, disabled_at, version";

fn account(row: &mut Row) -> Result<ServiceAccountRow> {
    let permissions: String = row.take("permissions")?;
    Ok(ServiceAccountRow {
        id: row.take("id")?,
        name: row.take("name")?,
        permissions: serde_json::from_str(&permissions).map_err(Error::internal)?,
        created_by: row.take("created_by")?,
        created_at: row.take("created_at")?,
        updated_at: row.take("updated_at")?,
        disabled_at: row.take("disabled_at")?,
        version: row.take("version")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, scope: &Scope, new: &ServiceAccountRow) -> Result<()> {
    let sql = "INSERT INTO service_accounts (id, workspace_id, name, permissions, created_by, created_at, updated_at, version) \
               VALUES ($1, $2, $3, $4, $5, $6, $6, 1)";
    let permissions = serde_json::to_string(&new.permissions).map_err(Error::internal)?;
    let values = params![new.id, scope.workspace(), &new.name, permissions, new.created_by, new.created_at];
    tx.execute(sql, values).await?;
    Ok(())
}

pub(crate) async fn get(
    rx: &mut Read,
    scope: &Scope,
    id: ServiceAccountId,
) -> Result<Option<ServiceAccountRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM service_accounts WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL"
    );
    rx.row(&sql, params![scope.workspace(), id]).await?.as_mut().map(account).transpose()
}

pub(crate) async fn page(rx: &mut Read, scope: &Scope, list: &List) -> Result<Page<ServiceAccountRow>> {
    let select =
        Select::scoped_by(scope, "workspace_id", "service_accounts", COLUMNS).and("deleted_at IS NULL", []);
    query::page(rx, select, list, account).await
}

pub(crate) async fn update(tx: &mut Tx, scope: &Scope, to: &ServiceAccountRow) -> Result<bool> {
    let sql = "UPDATE service_accounts SET name = $3, permissions = $4, disabled_at = $5, updated_at = $6, \
               version = version + 1 WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL";
    let permissions = serde_json::to_string(&to.permissions).map_err(Error::internal)?;
    let now = tx.now();
    let values = params![scope.workspace(), to.id, &to.name, permissions, to.disabled_at, now];
    Ok(tx.execute(sql, values).await? == 1)
}

pub(crate) async fn delete(tx: &mut Tx, scope: &Scope, id: ServiceAccountId) -> Result<bool> {
    let sql = "UPDATE service_accounts SET deleted_at = $3, updated_at = $3, version = version + 1 \
               WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL";
    let now = tx.now();
    Ok(tx.execute(sql, params![scope.workspace(), id, now]).await? == 1)
}

/// What a key of this account may do at most; `None` when it is disabled or was deleted. Before it is known who asks.
pub(crate) async fn admitted(
    rx: &mut Read,
    _: &Installation,
    id: ServiceAccountId,
) -> Result<Option<Vec<String>>> {
    let sql = "SELECT permissions FROM service_accounts \
               WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL";
    let Some(mut row) = rx.row(sql, params![id]).await? else { return Ok(None) };
    let permissions: String = row.take("permissions")?;
    serde_json::from_str(&permissions).map(Some).map_err(Error::internal)
}
