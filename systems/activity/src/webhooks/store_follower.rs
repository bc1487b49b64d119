//! The SQL of reading the journal for all webhooks: where that stands, and who listens. These look at every workspace.

use db::{Read, Tx, params};
use journal::Position;
use types::{Installation, Result, Scalar, WorkspaceId};

use super::model::WebhookRow;
use super::store::{COLUMNS, read};

/// How far the journal was read; none before the first webhook.
pub(super) async fn position(rx: &mut Read, _: &Installation) -> Result<Option<Position>> {
    let sql = "SELECT epoch, tx, seq FROM webhook_follower WHERE id = 1";
    let Some(mut row) = rx.row(sql, params![]).await? else { return Ok(None) };
    Ok(Some(Position::of([row.take("epoch")?, row.take("tx")?, row.take("seq")?])))
}

/// Begins anew at a place.
pub(super) async fn set(tx: &mut Tx, _: &Installation, to: Position) -> Result<()> {
    let [epoch, number, seq] = to.numbers();
    let sql = "INSERT INTO webhook_follower (id, epoch, tx, seq) VALUES (1, $1, $2, $3) \
               ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, tx = excluded.tx, seq = excluded.seq";
    tx.execute(sql, params![epoch, number, seq]).await?;
    Ok(())
}

/// Moves on from where it was read to stand; `false` when somebody else did.
pub(super) async fn move_on(tx: &mut Tx, _: &Installation, from: Position, to: Position) -> Result<bool> {
    let sql = "UPDATE webhook_follower SET epoch = $4, tx = $5, seq = $6 \
               WHERE id = 1 AND epoch = $1 AND tx = $2 AND seq = $3";
    let numbers = [from.numbers(), to.numbers()].concat();
    let params: Vec<Scalar> = numbers.into_iter().map(Scalar::from).collect();
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Whether anybody listens at all.
pub(super) async fn is_anybody_there(rx: &mut Read, _: &Installation) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM webhooks WHERE state = 'enabled' LIMIT 1";
    Ok(rx.row(sql, params![]).await?.is_some())
}

/// Those of these workspaces that listen.
pub(super) async fn listening(
    rx: &mut Read,
    _: &Installation,
    workspaces: &[WorkspaceId],
) -> Result<Vec<WebhookRow>> {
    if workspaces.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<_> = (1..=workspaces.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks WHERE state = 'enabled' AND workspace IN ({}) ORDER BY created_at, id",
        names.join(", ")
    );
    let params: Vec<Scalar> = workspaces.iter().map(|one| Scalar::from(*one)).collect();
    rx.rows(&sql, &params).await?.iter_mut().map(read).collect()
}

/// Those that were switched off, with their workspaces: for the doctor. At most so many.
pub(crate) async fn switched_off(rx: &mut Read, _: &Installation, most: u32) -> Result<Vec<WebhookRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks WHERE state = 'switched_off' ORDER BY updated_at, id LIMIT $1"
    );
    rx.rows(&sql, params![most]).await?.iter_mut().map(read).collect()
}
