//! All the SQL of kept replies.

use db::{Engine, Read, Row, Tx, params};
use types::{Installation, Result, Time};

/// A kept reply as it lies in the table.
pub(crate) struct KeptRow {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

/// What was answered under a key that has not expired.
pub(crate) async fn find(rx: &mut Read, lookup: &[u8; 32]) -> Result<Option<KeptRow>> {
    let sql = "SELECT fingerprint, sealed FROM kept_replies WHERE lookup = $1 AND expires_at > $2";
    let now = rx.now();
    rx.row(sql, params![&lookup[..], now]).await?.as_mut().map(kept).transpose()
}

/// The same, and takes the key for this transaction, so that a copy on another node cannot run beside it: `None` when it
/// does. On SQLite one writer runs everything.
pub(crate) async fn take(tx: &mut Tx, lookup: &[u8; 32]) -> Result<Option<Option<KeptRow>>> {
    if tx.engine() == Engine::Sqlite {
        return find(tx, lookup).await.map(Some);
    }
    let sql = "SELECT pg_try_advisory_xact_lock($3) AS taken, fingerprint, sealed FROM (SELECT 1) AS one \
         LEFT JOIN kept_replies ON lookup = $1 AND expires_at > $2";
    let (now, mut first) = (tx.now(), [0; 8]);
    first.copy_from_slice(&lookup[..8]);
    let row = tx.row(sql, params![&lookup[..], now, i64::from_be_bytes(first)]).await?;
    let Some(mut row) = row else { return Ok(None) };
    if !row.take::<bool>("taken")? {
        return Ok(None);
    }
    let there = row.take::<Option<Vec<u8>>>("fingerprint")?;
    let row = there.map(|fingerprint| Ok(KeptRow { fingerprint, sealed: row.take("sealed")? }));
    row.transpose().map(Some)
}

fn kept(row: &mut Row) -> Result<KeptRow> {
    Ok(KeptRow { fingerprint: row.take("fingerprint")?, sealed: row.take("sealed")? })
}

/// Keeps a reply, in place of an expired one under the same key. False when one is there that has not expired.
pub(crate) async fn keep(tx: &mut Tx, lookup: &[u8; 32], row: &KeptRow, expires_at: Time) -> Result<bool> {
    let sql = "INSERT INTO kept_replies (lookup, fingerprint, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (lookup) DO UPDATE SET fingerprint = excluded.fingerprint, sealed = excluded.sealed, \
         created_at = excluded.created_at, expires_at = excluded.expires_at WHERE kept_replies.expires_at <= excluded.created_at";
    let now = tx.now();
    let params = params![&lookup[..], row.fingerprint.clone(), row.sealed.clone(), now, expires_at];
    Ok(tx.execute(sql, params).await? == 1)
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
