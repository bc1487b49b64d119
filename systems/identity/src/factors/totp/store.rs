//! All SQL about codes by the clock.

use db::{Read, Tx, params};
use types::{Installation, PersonId, Result, Time};

/// What the table has of somebody.
pub(crate) struct TotpRow {
    pub(crate) sealed: Vec<u8>,
    pub(crate) confirmed_at: Option<Time>,
    pub(crate) last_step: i64,
}

pub(crate) async fn get(rx: &mut Read, _: &Installation, person: PersonId) -> Result<Option<TotpRow>> {
    let sql = "SELECT secret, confirmed_at, last_step FROM totp_factors WHERE person_id = $1";
    let Some(mut row) = rx.row(sql, params![person]).await? else { return Ok(None) };
    Ok(Some(TotpRow {
        sealed: row.take("secret")?,
        confirmed_at: row.take("confirmed_at")?,
        last_step: row.take("last_step")?,
    }))
}

/// A secret that does not count yet, in place of another one that does not. `false` when there is one that does.
pub(crate) async fn begin(
    tx: &mut Tx,
    _: &Installation,
    person: PersonId,
    sealed: &[u8],
    now: Time,
) -> Result<bool> {
    let sql = "INSERT INTO totp_factors (person_id, secret, created_at, last_step) VALUES ($1, $2, $3, 0) \
               ON CONFLICT (person_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at \
               WHERE totp_factors.confirmed_at IS NULL";
    Ok(tx.execute(sql, params![person, sealed, now]).await? == 1)
}

/// From now on it counts. `false` when it did already, or when there is none.
pub(crate) async fn confirm(
    tx: &mut Tx,
    _: &Installation,
    person: PersonId,
    step: i64,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE totp_factors SET confirmed_at = $2, last_step = $3 WHERE person_id = $1 AND confirmed_at IS NULL";
    Ok(tx.execute(sql, params![person, now, step]).await? == 1)
}

/// Uses a step up, and all before it. `false` when it was used before, or a later one was.
pub(crate) async fn take(tx: &mut Tx, _: &Installation, person: PersonId, step: i64) -> Result<bool> {
    let sql = "UPDATE totp_factors SET last_step = $2 \
               WHERE person_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL";
    Ok(tx.execute(sql, params![person, step]).await? == 1)
}

/// `false` when there was none.
pub(crate) async fn remove(tx: &mut Tx, _: &Installation, person: PersonId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM totp_factors WHERE person_id = $1", params![person]).await? > 0)
}
