//! All the SQL of services.

use db::{Read, Row, Tx, params};
use types::{Result, Scope, Time};

use super::model::{ServiceId, ServiceRow};
use crate::level::Level;

const COLUMNS: &str = "id, slug, name, status, since, updated_at, version";

/// A service by its slug.
pub(crate) async fn get(rx: &mut Read, scope: &Scope, slug: &str) -> Result<Option<ServiceRow>> {
    let sql = format!("SELECT {COLUMNS} FROM status_services WHERE workspace = $1 AND slug = $2");
    rx.row(&sql, params![scope.workspace(), slug]).await?.as_mut().map(read).transpose()
}

/// Every service, by slug. A workspace has as many as an organisation runs: no paging.
pub(crate) async fn all(rx: &mut Read, scope: &Scope) -> Result<Vec<ServiceRow>> {
    let sql = format!("SELECT {COLUMNS} FROM status_services WHERE workspace = $1 ORDER BY slug");
    rx.rows(&sql, params![scope.workspace()]).await?.iter_mut().map(read).collect()
}

/// Registers a service.
pub(crate) async fn insert(tx: &mut Tx, scope: &Scope, service: &ServiceRow) -> Result<()> {
    tx.execute(
        "INSERT INTO status_services (id, workspace, slug, name, status, since, created_at, updated_at, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        params![
            service.id,
            scope.workspace(),
            &service.slug,
            &service.name,
            service.status,
            service.since,
            service.updated_at,
            service.version
        ],
    )
    .await?;
    Ok(())
}

/// What was reported last.
pub(crate) async fn set_status(
    tx: &mut Tx,
    scope: &Scope,
    id: ServiceId,
    status: Level,
    since: Time,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE status_services SET status = $3, since = $4, updated_at = $5, version = version + 1 \
         WHERE workspace = $1 AND id = $2",
        params![scope.workspace(), id, status, since, now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_name(tx: &mut Tx, scope: &Scope, id: ServiceId, name: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE status_services SET name = $3, updated_at = $4, version = version + 1 WHERE workspace = $1 AND id = $2",
        params![scope.workspace(), id, name, now],
    )
    .await?;
    Ok(())
}

fn read(row: &mut Row) -> Result<ServiceRow> {
    Ok(ServiceRow {
        id: row.take(0)?,
        slug: row.take(1)?,
        name: row.take(2)?,
        status: row.take(3)?,
        since: row.take(4)?,
        updated_at: row.take(5)?,
        version: row.take(6)?,
    })
}
