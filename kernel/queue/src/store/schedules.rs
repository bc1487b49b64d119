//! When schedules run next.

use db::{Read, Tx, params};
use types::{Installation, Result, Time};

/// Makes it known with its next time; a schedule whose times were changed begins anew.
pub(crate) async fn register(
    tx: &mut Tx,
    _: &Installation,
    name: &str,
    cron: &str,
    next: Time,
) -> Result<()> {
    let sql = "INSERT INTO queue_schedules (name, cron, next_at) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET cron = excluded.cron, next_at = excluded.next_at \
         WHERE queue_schedules.cron <> excluded.cron";
    tx.execute(sql, params![name, cron, next]).await?;
    Ok(())
}

pub(crate) async fn next(rx: &mut Read, name: &str) -> Result<Option<Time>> {
    let sql = "SELECT next_at FROM queue_schedules WHERE name = $1";
    Ok(rx.row(sql, params![name]).await?.map(|mut row| row.take("next_at")).transpose()?)
}

/// Sets the next time, whatever it was.
pub(crate) async fn set(tx: &mut Tx, _: &Installation, name: &str, next: Time) -> Result<()> {
    tx.execute("UPDATE queue_schedules SET next_at = $2 WHERE name = $1", params![name, next]).await?;
    Ok(())
}

/// Tells whether it was this transaction that moved it on.
pub(crate) async fn advance(tx: &mut Tx, _: &Installation, name: &str, from: Time, to: Time) -> Result<bool> {
    let sql = "UPDATE queue_schedules SET next_at = $3, last_at = $2 WHERE name = $1 AND next_at = $2";
    Ok(tx.execute(sql, params![name, from, to]).await? == 1)
}
