//! All SQL about what somebody has of second factors, wrong codes and spent challenges.

use db::{Read, Tx, params};
use types::{Installation, PersonId, Result, Time};

use super::model::{Held, WrongCodes};

pub(crate) async fn held(rx: &mut Read, _: &Installation, person: PersonId) -> Result<Held> {
    let sql = "SELECT (SELECT confirmed_at FROM totp_factors WHERE person_id = $1) AS totp, \
               (SELECT COUNT(*) FROM passkeys WHERE person_id = $1) AS passkeys, \
               (SELECT COUNT(*) FROM recovery_codes WHERE person_id = $1 AND used_at IS NULL) AS codes";
    let Some(mut row) = rx.row(sql, params![person]).await? else { return Ok(Held::default()) };
    Ok(Held { totp: row.take("totp")?, passkeys: row.take("passkeys")?, recovery_codes: row.take("codes")? })
}

pub(crate) async fn wrong_codes(rx: &mut Read, _: &Installation, person: PersonId) -> Result<WrongCodes> {
    let sql = "SELECT times, since FROM wrong_codes WHERE person_id = $1";
    let Some(mut row) = rx.row(sql, params![person]).await? else { return Ok(WrongCodes::default()) };
    Ok(WrongCodes { times: row.take("times")?, since: row.take("since")? })
}

pub(crate) async fn set_wrong_codes(
    tx: &mut Tx,
    _: &Installation,
    person: PersonId,
    wrong: WrongCodes,
) -> Result<()> {
    let sql = "INSERT INTO wrong_codes (person_id, times, since) VALUES ($1, $2, $3) \
               ON CONFLICT (person_id) DO UPDATE SET times = excluded.times, since = excluded.since";
    tx.execute(sql, params![person, wrong.times, wrong.since]).await?;
    Ok(())
}

pub(crate) async fn forget_wrong_codes(tx: &mut Tx, _: &Installation, person: PersonId) -> Result<()> {
    tx.execute("DELETE FROM wrong_codes WHERE person_id = $1", params![person]).await?;
    Ok(())
}

/// `false` when it was spent before.
pub(crate) async fn spend(tx: &mut Tx, _: &Installation, hash: &[u8], expires_at: Time) -> Result<bool> {
    let sql = "INSERT INTO spent_challenges (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";
    Ok(tx.execute(sql, params![hash, expires_at]).await? == 1)
}

/// Forgets challenges that expired before.
pub(crate) async fn prune(tx: &mut Tx, _: &Installation, before: Time) -> Result<u64> {
    Ok(tx.execute("DELETE FROM spent_challenges WHERE expires_at < $1", params![before]).await?)
}
