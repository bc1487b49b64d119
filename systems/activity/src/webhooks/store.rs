//! All the SQL of webhooks, those of one workspace at a time.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Error, Result, Scope, Time};

use super::model::{State, WebhookId, WebhookRow};

pub(super) const COLUMNS: &str = "id, workspace, description, url, types, granted, header_names, headers, secret, \
     old_secret, old_secret_until, state, reason, failing_since, created_at, updated_at, version";

pub(crate) async fn get(rx: &mut Read, scope: &Scope, id: WebhookId) -> Result<Option<WebhookRow>> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE workspace = $1 AND id = $2");
    rx.row(&sql, params![scope.workspace(), id]).await?.as_mut().map(read).transpose()
}

pub(super) async fn page(rx: &mut Read, scope: &Scope, list: &List) -> Result<Page<WebhookRow>> {
    query::page(rx, Select::scoped(scope, "webhooks", COLUMNS), list, read).await
}

pub(super) async fn count(rx: &mut Read, scope: &Scope) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM webhooks WHERE workspace = $1";
    let row = rx.row(sql, params![scope.workspace()]).await?;
    row.map_or(Ok(0), |mut row| Ok(row.take("n")?))
}

pub(super) async fn insert(tx: &mut Tx, scope: &Scope, new: &WebhookRow) -> Result<()> {
    let sql = format!(
        "INSERT INTO webhooks ({COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
    );
    let values = params![
        new.id,
        scope.workspace(),
        &new.description,
        &new.url,
        written(&new.types)?,
        written(&new.granted)?,
        written(&new.header_names)?,
        new.headers.clone(),
        new.secret.clone(),
        new.old_secret.clone(),
        new.old_secret_until,
        new.state,
        new.reason.clone(),
        new.failing_since,
        new.created_at,
        new.updated_at,
        new.version
    ];
    tx.execute(&sql, values).await?;
    Ok(())
}

/// Writes everything that may change, if the version is still the one that was read.
pub(super) async fn update(tx: &mut Tx, scope: &Scope, row: &WebhookRow) -> Result<bool> {
    let sql = "UPDATE webhooks SET description = $4, url = $5, types = $6, granted = $7, header_names = $8, \
               headers = $9, secret = $10, old_secret = $11, old_secret_until = $12, state = $13, reason = $14, \
               failing_since = $15, updated_at = $16, version = version + 1 \
               WHERE workspace = $1 AND id = $2 AND version = $3";
    let values = params![
        scope.workspace(),
        row.id,
        row.version,
        &row.description,
        &row.url,
        written(&row.types)?,
        written(&row.granted)?,
        written(&row.header_names)?,
        row.headers.clone(),
        row.secret.clone(),
        row.old_secret.clone(),
        row.old_secret_until,
        row.state,
        row.reason.clone(),
        row.failing_since,
        row.updated_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

pub(super) async fn delete(tx: &mut Tx, scope: &Scope, id: WebhookId) -> Result<()> {
    tx.execute("DELETE FROM webhooks WHERE workspace = $1 AND id = $2", params![scope.workspace(), id])
        .await?;
    Ok(())
}

/// It answers again.
pub(crate) async fn well(tx: &mut Tx, scope: &Scope, id: WebhookId) -> Result<()> {
    let sql = "UPDATE webhooks SET failing_since = NULL \
               WHERE workspace = $1 AND id = $2 AND failing_since IS NOT NULL";
    tx.execute(sql, params![scope.workspace(), id]).await?;
    Ok(())
}

/// It failed, for the first time since it last answered or once more.
pub(crate) async fn failing(tx: &mut Tx, scope: &Scope, id: WebhookId, now: Time) -> Result<()> {
    let sql =
        "UPDATE webhooks SET failing_since = $3 WHERE workspace = $1 AND id = $2 AND failing_since IS NULL";
    tx.execute(sql, params![scope.workspace(), id, now]).await?;
    Ok(())
}

/// Switches it off, once. Only if it has failed since then, where that is the reason.
pub(crate) async fn switch_off(
    tx: &mut Tx,
    scope: &Scope,
    id: WebhookId,
    reason: &str,
    failing_before: Option<Time>,
) -> Result<bool> {
    let now = tx.now();
    let sql = "UPDATE webhooks SET state = 'switched_off', reason = $3, updated_at = $4, version = version + 1 \
               WHERE workspace = $1 AND id = $2 AND state = 'enabled' \
               AND (CAST($5 AS BIGINT) = 0 OR (failing_since IS NOT NULL AND failing_since <= $6))";
    let before = failing_before.unwrap_or_default();
    let values = params![scope.workspace(), id, reason, now, failing_before.is_some(), before];
    Ok(tx.execute(sql, values).await? == 1)
}

pub(super) fn read(row: &mut Row) -> Result<WebhookRow> {
    let mut list = |name: &str| -> Result<Vec<String>> {
        serde_json::from_str(&row.take::<String>(name)?).map_err(Error::internal)
    };
    let (types, granted, header_names) = (list("types")?, list("granted")?, list("header_names")?);
    Ok(WebhookRow {
        types,
        granted,
        header_names,
        id: row.take("id")?,
        workspace: row.take("workspace")?,
        description: row.take("description")?,
        url: row.take("url")?,
        headers: row.take("headers")?,
        secret: row.take("secret")?,
        old_secret: row.take("old_secret")?,
        old_secret_until: row.take("old_secret_until")?,
        state: State::read(&row.take::<String>("state")?),
        reason: row.take("reason")?,
        failing_since: row.take("failing_since")?,
        created_at: row.take("created_at")?,
        updated_at: row.take("updated_at")?,
        version: row.take("version")?,
    })
}

fn written(list: &[String]) -> Result<String> {
    serde_json::to_string(list).map_err(Error::internal)
}

/// Removes a batch of the webhooks of a workspace that is being forgotten.
pub(super) async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    let sql = "DELETE FROM webhooks WHERE workspace = $1 AND id IN (SELECT id FROM webhooks WHERE workspace = $1 LIMIT $2)";
    Ok(tx.execute(sql, params![scope.workspace(), most]).await?)
}
