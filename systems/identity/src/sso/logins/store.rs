//! All SQL about logins: which states were used.

use db::{Tx, params};
use types::{Installation, Result, Time};

/// Uses a state up; `false` when it was used before.
pub(crate) async fn take(
    tx: &mut Tx,
    _: &Installation,
    state_hash: &[u8],
    now: Time,
    expires_at: Time,
) -> Result<bool> {
    let sql = "INSERT INTO sso_used_states (hash, used_at, expires_at) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING";
    Ok(tx.execute(sql, params![state_hash, now, expires_at]).await? == 1)
}

/// Forgets states that nobody can use any more.
pub(crate) async fn prune(tx: &mut Tx, _: &Installation, now: Time) -> Result<u64> {
    let sql = "DELETE FROM sso_used_states WHERE hash IN (SELECT hash FROM sso_used_states WHERE expires_at < $1 LIMIT 1000)";
    Ok(tx.execute(sql, params![now]).await?)
}
