//! All the SQL of kept replies.

use db::{Engine, Read, Tx, params};
use types::{Installation, Result, Time};

/// A kept reply as it lies in the table.
pub(crate) struct KeptRow {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

/// What was answered under a key that has not expired.
pub(crate) async fn find(rx: &mut Read, lookup: &[u8; 32]) -> Result<Option<KeptRow>> {
    let now = rx.now();
    let row = rx
        .row(
            "SELECT fingerprint, sealed FROM kept_replies WHERE lookup = $1 AND expires_at > $2",
            params![&lookup[..], now],
        )
        .await?;
    row.map(|mut row| Ok(KeptRow { fingerprint: row.take(0)?, sealed: row.take(1)? })).transpose()
}

/// Keeps a reply, in place of an expired one under the same key.
pub(crate) async fn keep(tx: &mut Tx, lookup: &[u8; 32], row: &KeptRow, expires_at: Time) -> Result<()> {
    let now = tx.now();
    tx.execute("DELETE FROM kept_replies WHERE lookup = $1 AND expires_at <= $2", params![&lookup[..], now])
        .await?;
    tx.execute(
        "INSERT INTO kept_replies (lookup, fingerprint, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![&lookup[..], row.fingerprint.clone(), row.sealed.clone(), now, expires_at],
    )
    .await?;
    Ok(())
}

/// Takes the key for this transaction, so that a copy on another node cannot run beside it. Always had on SQLite,
/// where one writer runs everything.
pub(crate) async fn lock(tx: &mut Tx, lookup: &[u8; 32]) -> Result<bool> {
    if tx.engine() == Engine::Sqlite {
        return Ok(true);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&lookup[..8]);
    let row = tx.row("SELECT pg_try_advisory_xact_lock($1)", params![i64::from_be_bytes(first)]).await?;
    Ok(row.map_or(Ok(false), |mut row| row.take(0))?)
}

/// Removes at most `most` replies whose time is over; tells how many.
pub(crate) async fn remove_expired(tx: &mut Tx, _: &Installation, most: i64) -> Result<u64> {
    let now = tx.now();
    tx.execute(
        "DELETE FROM kept_replies WHERE lookup IN \
         (SELECT lookup FROM kept_replies WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        params![now, most],
    )
    .await
    .map_err(Into::into)
}
