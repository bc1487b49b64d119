//! All SQL about setup tokens.

use db::{Read, Tx, params};
use types::{Installation, Result, Time};

/// Makes `hash` the one token that works.
pub(crate) async fn replace(
    tx: &mut Tx,
    _: &Installation,
    hash: &[u8],
    now: Time,
    expires_at: Time,
) -> Result<()> {
    tx.execute("DELETE FROM setup_tokens WHERE used_at IS NULL", params![]).await?;
    let sql = "INSERT INTO setup_tokens (hash, created_at, expires_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![hash, now, expires_at]).await?;
    Ok(())
}

/// Whether the token would work now.
pub(crate) async fn is_good(rx: &mut Read, _: &Installation, hash: &[u8], now: Time) -> Result<bool> {
    let sql = "SELECT 1 FROM setup_tokens WHERE hash = $1 AND used_at IS NULL AND expires_at > $2";
    Ok(rx.row(sql, params![hash, now]).await?.is_some())
}

/// Uses the token up; `false` when it does not work, or somebody was first.
pub(crate) async fn take(tx: &mut Tx, _: &Installation, hash: &[u8], now: Time) -> Result<bool> {
    let sql = "UPDATE setup_tokens SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2";
    Ok(tx.execute(sql, params![hash, now]).await? == 1)
}
