//! All the SQL of deliveries and attempts.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use queue::JobId;
use serde_json::Value;
use types::{Error, Installation, Result, Scope, Time};

use super::model::{Attempt, DeliveryId, DeliveryRow, State};
use crate::webhooks::model::WebhookId;

const COLUMNS: &str = "id, workspace, webhook, event, kind, subject, event_version, occurred_at, state, attempts, \
     status, error, job, created_at, ended_at, version";
/// Attempts that are kept of one delivery, the newest.
const KEPT: i64 = 50;
/// Deliveries in a batch of [`prune`].
pub(crate) const BATCH: u32 = 200;

pub(crate) async fn get(rx: &mut Read, scope: &Scope, id: DeliveryId) -> Result<Option<DeliveryRow>> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_deliveries WHERE workspace = $1 AND id = $2");
    rx.row(&sql, params![scope.workspace(), id]).await?.as_mut().map(read).transpose()
}

/// What narrows the list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrow {
    pub(crate) state: Option<State>,
    pub(crate) kind: Option<String>,
}

pub(crate) async fn page(
    rx: &mut Read,
    scope: &Scope,
    webhook: WebhookId,
    narrow: &Narrow,
    list: &List,
) -> Result<Page<DeliveryRow>> {
    let select = Select::scoped(scope, "webhook_deliveries", COLUMNS)
        .and("webhook = $1", [webhook.into()])
        .only("state", narrow.state)
        .only("kind", narrow.kind.as_deref());
    query::page(rx, select, list, read).await
}

/// `false` when there is one of this event for this webhook already.
pub(crate) async fn insert(tx: &mut Tx, scope: &Scope, new: &DeliveryRow) -> Result<bool> {
    let sql = format!(
        "INSERT INTO webhook_deliveries ({COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         ON CONFLICT (webhook, event) DO NOTHING"
    );
    let values = params![
        new.id,
        scope.workspace(),
        new.webhook,
        new.event,
        &new.kind,
        &new.subject,
        new.event_version,
        new.occurred_at,
        new.state,
        new.attempts,
        new.status,
        new.error.clone(),
        new.job,
        new.created_at,
        new.ended_at,
        new.version
    ];
    Ok(tx.execute(&sql, values).await? == 1)
}

/// By which job it is sent.
pub(crate) async fn set_job(tx: &mut Tx, scope: &Scope, id: DeliveryId, job: JobId) -> Result<()> {
    let sql = "UPDATE webhook_deliveries SET job = $3 WHERE workspace = $1 AND id = $2";
    tx.execute(sql, params![scope.workspace(), id, job]).await?;
    Ok(())
}

/// Writes an attempt of a job down and how the delivery stands since; `false` when it has ended meanwhile.
pub(crate) async fn attempted(
    tx: &mut Tx,
    scope: &Scope,
    (id, job): (DeliveryId, JobId),
    state: State,
    attempt: &Attempt,
) -> Result<bool> {
    let ended = (state != State::Queued).then_some(tx.now());
    let sql = "UPDATE webhook_deliveries SET state = $3, attempts = attempts + 1, status = $4, error = $5, \
               ended_at = $6, job = $7, version = version + 1 \
               WHERE workspace = $1 AND id = $2 AND state = 'queued' RETURNING attempts";
    let values = params![scope.workspace(), id, state, attempt.status, attempt.error.clone(), ended, job];
    let Some(mut row) = tx.row(sql, values).await? else { return Ok(false) };
    let number: i64 = row.take("attempts")?;
    let text = |value: &Value| value.to_string();
    let sql = "INSERT INTO webhook_attempts (delivery, number, workspace, at, ms, status, error, request_headers, \
               answer_headers, answer_body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        id,
        number,
        scope.workspace(),
        attempt.at,
        attempt.ms,
        attempt.status,
        attempt.error.clone(),
        text(&attempt.request_headers),
        attempt.answer_headers.as_ref().map(text),
        attempt.answer_body.clone()
    ];
    tx.execute(sql, values).await?;
    let sql = "DELETE FROM webhook_attempts WHERE workspace = $1 AND delivery = $2 AND number <= $3";
    tx.execute(sql, params![scope.workspace(), id, number - KEPT]).await?;
    Ok(true)
}

/// Ends it without an attempt.
pub(crate) async fn give_up(tx: &mut Tx, scope: &Scope, id: DeliveryId, why: &str) -> Result<()> {
    let now = tx.now();
    let sql = "UPDATE webhook_deliveries SET state = 'failed', error = $3, ended_at = $4, version = version + 1 \
               WHERE workspace = $1 AND id = $2 AND state = 'queued'";
    tx.execute(sql, params![scope.workspace(), id, why, now]).await?;
    Ok(())
}

/// Begins it anew.
pub(crate) async fn again(tx: &mut Tx, scope: &Scope, id: DeliveryId) -> Result<()> {
    let sql = "UPDATE webhook_deliveries SET state = 'queued', ended_at = NULL, version = version + 1 \
               WHERE workspace = $1 AND id = $2";
    tx.execute(sql, params![scope.workspace(), id]).await?;
    Ok(())
}

/// A batch of those that wait in all workspaces, behind one of them, with what sends each.
pub(crate) async fn waiting(
    rx: &mut Read,
    _: &Installation,
    after: Option<DeliveryId>,
) -> Result<Vec<(DeliveryId, Option<JobId>)>> {
    let after = after.unwrap_or(DeliveryId::from_bytes([0; 16]));
    let sql =
        "SELECT id, job FROM webhook_deliveries WHERE state = 'queued' AND id > $1 ORDER BY id LIMIT $2";
    let rows = rx.rows(sql, params![after, BATCH]).await?;
    rows.into_iter().map(|mut row| Ok((row.take("id")?, row.take("job")?))).collect()
}

/// Ends one that waits in whatever workspace, if this is still what sends it.
pub(crate) async fn end_lost(
    tx: &mut Tx,
    _: &Installation,
    (id, job): (DeliveryId, Option<JobId>),
    why: &str,
) -> Result<()> {
    let now = tx.now();
    let sql = "UPDATE webhook_deliveries SET state = 'failed', error = $3, ended_at = $4, version = version + 1 \
               WHERE id = $1 AND state = 'queued' AND (job = $2 OR job IS NULL)";
    tx.execute(sql, params![id, job, why, now]).await?;
    Ok(())
}

/// The attempts with their numbers, the oldest first.
pub(crate) async fn attempts(rx: &mut Read, scope: &Scope, id: DeliveryId) -> Result<Vec<(i64, Attempt)>> {
    let sql = "SELECT number, at, ms, status, error, request_headers, answer_headers, answer_body \
               FROM webhook_attempts WHERE workspace = $1 AND delivery = $2 ORDER BY number";
    let json = |text: String| serde_json::from_str::<Value>(&text).map_err(Error::internal);
    let mut all = Vec::new();
    for mut row in rx.rows(sql, params![scope.workspace(), id]).await? {
        let attempt = Attempt {
            at: row.take("at")?,
            ms: row.take("ms")?,
            status: row.take("status")?,
            error: row.take("error")?,
            request_headers: json(row.take("request_headers")?)?,
            answer_headers: row.take::<Option<String>>("answer_headers")?.map(json).transpose()?,
            answer_body: row.take("answer_body")?,
        };
        all.push((row.take("number")?, attempt));
    }
    Ok(all)
}

/// Forgets a batch of deliveries of all workspaces that ended before, and tells how many.
pub(crate) async fn prune(tx: &mut Tx, _: &Installation, before: Time) -> Result<u64> {
    let old = "SELECT id FROM webhook_deliveries WHERE ended_at IS NOT NULL AND ended_at < $1 \
               ORDER BY ended_at, id LIMIT $2";
    let sql = format!("DELETE FROM webhook_attempts WHERE delivery IN ({old})");
    tx.execute(&sql, params![before, BATCH]).await?;
    let sql = format!("DELETE FROM webhook_deliveries WHERE id IN ({old})");
    Ok(tx.execute(&sql, params![before, BATCH]).await?)
}

fn read(row: &mut Row) -> Result<DeliveryRow> {
    Ok(DeliveryRow {
        id: row.take("id")?,
        workspace: row.take("workspace")?,
        webhook: row.take("webhook")?,
        event: row.take("event")?,
        kind: row.take("kind")?,
        subject: row.take("subject")?,
        event_version: row.take("event_version")?,
        occurred_at: row.take("occurred_at")?,
        // What a newer version wrote is not tried by this one.
        state: State::parse(&row.take::<String>("state")?).unwrap_or(State::Failed),
        attempts: row.take("attempts")?,
        status: row.take("status")?,
        error: row.take("error")?,
        job: row.take("job")?,
        created_at: row.take("created_at")?,
        ended_at: row.take("ended_at")?,
        version: row.take("version")?,
    })
}

/// Removes a batch of the deliveries of a workspace that is being forgotten, with what was sent and answered.
pub(crate) async fn forget(tx: &mut Tx, scope: &Scope, most: i64) -> Result<u64> {
    let some = "SELECT id FROM webhook_deliveries WHERE workspace = $1 ORDER BY id LIMIT $2";
    let sql = format!("DELETE FROM webhook_attempts WHERE workspace = $1 AND delivery IN ({some})");
    tx.execute(&sql, params![scope.workspace(), most]).await?;
    let sql = format!("DELETE FROM webhook_deliveries WHERE workspace = $1 AND id IN ({some})");
    Ok(tx.execute(&sql, params![scope.workspace(), most]).await?)
}
