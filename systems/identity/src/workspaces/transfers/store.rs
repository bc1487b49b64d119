//! All SQL about offers of ownership; a workspace has one at most.

use db::{Read, Tx, params};
use types::{Result, Scope, Time};

use super::model::Offer;

/// The offer that stands.
pub(crate) async fn get(rx: &mut Read, scope: &Scope, now: Time) -> Result<Option<Offer>> {
    let sql = "SELECT from_person, to_person, offered_at, expires_at FROM workspace_transfers \
               WHERE workspace_id = $1 AND expires_at > $2";
    let Some(mut row) = rx.row(sql, params![scope.workspace(), now]).await? else { return Ok(None) };
    Ok(Some(Offer {
        from: row.take("from_person")?,
        to: row.take("to_person")?,
        offered_at: row.take("offered_at")?,
        expires_at: row.take("expires_at")?,
    }))
}

/// In place of the one before.
pub(crate) async fn put(tx: &mut Tx, scope: &Scope, offer: &Offer) -> Result<()> {
    let sql = "INSERT INTO workspace_transfers (workspace_id, from_person, to_person, offered_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id) DO UPDATE SET from_person = excluded.from_person, \
               to_person = excluded.to_person, offered_at = excluded.offered_at, expires_at = excluded.expires_at";
    let Offer { from, to, offered_at, expires_at } = *offer;
    tx.execute(sql, params![scope.workspace(), from, to, offered_at, expires_at]).await?;
    Ok(())
}

/// `false` when it is gone already.
pub(crate) async fn remove(tx: &mut Tx, scope: &Scope) -> Result<bool> {
    let sql = "DELETE FROM workspace_transfers WHERE workspace_id = $1";
    Ok(tx.execute(sql, params![scope.workspace()]).await? == 1)
}
