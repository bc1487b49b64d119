//! All the SQL of status events.

use db::{Read, Row, Tx, params};
use types::{Result, Scope};

use super::model::{StatusEventId, StatusEventRow};

const COLUMNS: &str = "id, service, slug, status, description, created_by, created_at";

pub(crate) async fn get(rx: &mut Read, scope: &Scope, id: StatusEventId) -> Result<Option<StatusEventRow>> {
    let sql = format!("SELECT {COLUMNS} FROM status_events WHERE workspace = $1 AND id = $2");
    rx.row(&sql, params![scope.workspace(), id]).await?.map(read).transpose()
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

fn read(mut row: Row) -> Result<StatusEventRow> {
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
