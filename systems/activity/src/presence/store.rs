//! All the SQL of presences.

use db::{Migration, Read, Tx, params};
use types::{Error, Installation, Result, Scope, Time};

use super::model::{Crowds, joined};

pub(crate) const MIGRATION: Migration = db::migration!("0001_presences");

/// Says who is here.
pub(crate) async fn say(tx: &mut Tx, scope: &Scope, node: &str, here: &Crowds) -> Result<()> {
    let now = tx.now();
    let topics = serde_json::to_string(here).map_err(Error::internal)?;
    tx.execute(
        "INSERT INTO live_presences (workspace, node, topics, seen_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace, node) DO UPDATE SET topics = excluded.topics, seen_at = excluded.seen_at",
        params![scope.workspace(), node, &topics, now],
    )
    .await?;
    Ok(())
}

/// Says that what was said still holds; whether it had been said.
pub(crate) async fn say_again(tx: &mut Tx, scope: &Scope, node: &str) -> Result<bool> {
    let now = tx.now();
    let sql = "UPDATE live_presences SET seen_at = $3 WHERE workspace = $1 AND node = $2";
    Ok(tx.execute(sql, params![scope.workspace(), node, now]).await? > 0)
}

/// Nobody is here any more.
pub(crate) async fn take_back(tx: &mut Tx, scope: &Scope, node: &str) -> Result<()> {
    let sql = "DELETE FROM live_presences WHERE workspace = $1 AND node = $2";
    tx.execute(sql, params![scope.workspace(), node]).await?;
    Ok(())
}

/// What the other nodes said since then.
pub(crate) async fn elsewhere(rx: &mut Read, scope: &Scope, node: &str, since: Time) -> Result<Crowds> {
    let sql = "SELECT topics FROM live_presences WHERE workspace = $1 AND node <> $2 AND seen_at >= $3";
    let mut all = Vec::new();
    for mut row in rx.rows(sql, params![scope.workspace(), node, since]).await? {
        all.push(serde_json::from_str(&row.take::<String>(0)?).map_err(Error::internal)?);
    }
    Ok(joined(all))
}

/// Forgets nodes that are gone.
pub(crate) async fn prune(tx: &mut Tx, _: &Installation, before: Time) -> Result<()> {
    tx.execute("DELETE FROM live_presences WHERE seen_at < $1", params![before]).await?;
    Ok(())
}

/// Nobody is in a workspace that is being forgotten; a row a node.
pub(crate) async fn forget(tx: &mut Tx, scope: &Scope) -> Result<u64> {
    Ok(tx.execute("DELETE FROM live_presences WHERE workspace = $1", params![scope.workspace()]).await?)
}
