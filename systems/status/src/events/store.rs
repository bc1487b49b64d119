//! All the SQL of status events.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Result, Scope};

use super::model::{StatusEventId, StatusEventRow};
use crate::level::Level;

const COLUMNS: &str = "id, service, slug, status, description, created_by, created_at";

pub(crate) async fn get(rx: &mut Read, scope: &Scope, id: StatusEventId) -> Result<Option<StatusEventRow>> {
    let sql = format!("SELECT {COLUMNS} FROM status_events WHERE workspace = $1 AND id = $2");
    rx.row(&sql, params![scope.workspace(), id]).await?.as_mut().map(read).transpose()
}

/// What narrows the list of reports.
pub(crate) struct Narrow {
    pub(crate) slug: Option<String>,
    pub(crate) status: Option<Level>,
}

pub(crate) async fn page(
    rx: &mut Read,
    scope: &Scope,
    narrow: &Narrow,
    list: &List,
) -> Result<Page<StatusEventRow>> {
    let mut select = Select::scoped(scope, "status_events", COLUMNS);
    if let Some(slug) = &narrow.slug {
        select = select.and("slug = $1", [slug.into()]);
    }
    if let Some(status) = narrow.status {
        select = select.and("status = $1", [status.into()]);
    }
    query::page(rx, select, list, read).await
}

pub(crate) async fn insert(tx: &mut Tx, scope: &Scope, event: &StatusEventRow) -> Result<()> {
    tx.execute(
        "INSERT INTO status_events (id, workspace, service, slug, status, description, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            event.id,
            scope.workspace(),
            event.service,
            &event.slug,
            event.status,
            &event.description,
            &event.created_by,
            event.created_at
        ],
    )
    .await?;
    Ok(())
}

fn read(row: &mut Row) -> Result<StatusEventRow> {
    Ok(StatusEventRow {
        id: row.take(0)?,
        service: row.take(1)?,
        slug: row.take(2)?,
        status: row.take(3)?,
        description: row.take(4)?,
        created_by: row.take(5)?,
        created_at: row.take(6)?,
    })
}

/// Removes a batch of the reports of a workspace that is being forgotten, and its services once there is none.
pub(crate) async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    for table in ["status_events", "status_services"] {
        let sql = format!(
            "DELETE FROM {table} WHERE workspace = $1 AND id IN (SELECT id FROM {table} WHERE workspace = $1 LIMIT $2)"
        );
        let removed = tx.execute(&sql, params![scope.workspace(), most]).await?;
        if removed > 0 {
            return Ok(removed);
        }
    }
    Ok(0)
}
