//! All SQL about recovery codes.

use db::{Read, Tx, params};
use types::{Installation, PersonId, Result, Time};

/// How many somebody has left.
pub(crate) async fn left(rx: &mut Read, _: &Installation, person: PersonId) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS codes FROM recovery_codes WHERE person_id = $1 AND used_at IS NULL";
    rx.row(sql, params![person]).await?.map_or(Ok(0), |mut row| Ok(row.take("codes")?))
}

pub(crate) async fn insert(
    tx: &mut Tx,
    _: &Installation,
    person: PersonId,
    hash: &[u8],
    now: Time,
) -> Result<()> {
    let sql = "INSERT INTO recovery_codes (person_id, hash, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![person, hash, now]).await?;
    Ok(())
}

/// Uses one up. `false` when it was used before, or never was.
pub(crate) async fn take(
    tx: &mut Tx,
    _: &Installation,
    person: PersonId,
    hash: &[u8],
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE recovery_codes SET used_at = $3 WHERE person_id = $1 AND hash = $2 AND used_at IS NULL";
    Ok(tx.execute(sql, params![person, hash, now]).await? == 1)
}

pub(crate) async fn remove(tx: &mut Tx, _: &Installation, person: PersonId) -> Result<u64> {
    Ok(tx.execute("DELETE FROM recovery_codes WHERE person_id = $1", params![person]).await?)
}
