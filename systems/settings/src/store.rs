//! All the SQL of settings. They belong to the installation, not to a workspace.

use db::{Read, Row, Tx, params};
use serde_json::Value;
use types::{Error, Installation, Result};

use crate::model::SettingRow;

/// Every setting that was ever changed at run time, in one statement: its revision belongs to what it shows.
pub(crate) async fn all(rx: &mut Read, _: &Installation) -> Result<Vec<SettingRow>> {
    let sql = "SELECT key, value, updated_at, updated_by, revision FROM settings ORDER BY key";
    rx.rows(sql, params![]).await?.iter_mut().map(read).collect()
}

pub(crate) async fn revision(rx: &mut Read, _: &Installation) -> Result<i64> {
    let row = rx.row("SELECT COALESCE(MAX(revision), 0) FROM settings", params![]).await?;
    row.map_or(Ok(0), |mut row| Ok(row.take(0)?))
}

pub(crate) async fn put(tx: &mut Tx, _: &Installation, row: &SettingRow) -> Result<()> {
    tx.execute(
        "INSERT INTO settings (key, value, updated_at, updated_by, revision) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, \
         updated_by = excluded.updated_by, revision = excluded.revision",
        params![
            &row.key,
            row.value.as_ref().map(Value::to_string),
            row.updated_at,
            &row.updated_by,
            row.revision
        ],
    )
    .await?;
    Ok(())
}

fn read(row: &mut Row) -> Result<SettingRow> {
    let value: Option<String> = row.take(1)?;
    Ok(SettingRow {
        key: row.take(0)?,
        value: value.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)?,
        updated_at: row.take(2)?,
        updated_by: row.take(3)?,
        revision: row.take(4)?,
    })
}
