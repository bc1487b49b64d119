//! The nodes that live, and what is taken back from those that do not.

use db::{Engine, Read, Tx, params};
use types::Result;

use super::{attempts, rows};
use crate::{JobId, NodeId};

pub(crate) async fn enter(tx: &mut Tx, node: NodeId, kinds: &str) -> Result<()> {
    let now = tx.now();
    let sql = "INSERT INTO job_nodes (id, beats, started_at, seen_at, kinds) VALUES ($1, 0, $2, $2, $3)";
    tx.execute(sql, params![node, now, kinds]).await?;
    Ok(())
}

/// Tells whether the node was still taken for a living one.
pub(crate) async fn beat(tx: &mut Tx, node: NodeId) -> Result<bool> {
    let now = tx.now();
    let sql = "UPDATE job_nodes SET beats = beats + 1, seen_at = $2 WHERE id = $1";
    Ok(tx.execute(sql, params![node, now]).await? == 1)
}

/// Whether the node is taken for a living one, until this transaction ends.
pub(super) async fn hold(tx: &mut Tx, node: NodeId) -> Result<bool> {
    let sql = match tx.engine() {
        Engine::Postgres => "SELECT beats FROM job_nodes WHERE id = $1 FOR KEY SHARE",
        Engine::Sqlite => "SELECT beats FROM job_nodes WHERE id = $1",
    };
    Ok(tx.row(sql, params![node]).await?.is_some())
}

pub(crate) async fn all(rx: &mut Read) -> Result<Vec<(NodeId, i64)>> {
    let rows = rx.rows("SELECT id, beats FROM job_nodes", params![]).await?;
    rows.into_iter().map(|mut row| Ok((row.take("id")?, row.take("beats")?))).collect()
}

/// What the node holds.
pub(crate) async fn held(rx: &mut Read, node: NodeId) -> Result<Vec<(JobId, i64)>> {
    let sql = "SELECT id, attempt FROM jobs WHERE node = $1 AND state = 'running'";
    let rows = rx.rows(sql, params![node]).await?;
    rows.into_iter().map(|mut row| Ok((row.take("id")?, row.take("attempt")?))).collect()
}

/// Takes everything back from a node whose beats still stand where they were seen. Tells how many jobs that was.
pub(crate) async fn bury(tx: &mut Tx, node: NodeId, beats: i64) -> Result<usize> {
    let sql = "DELETE FROM job_nodes WHERE id = $1 AND beats = $2";
    if tx.execute(sql, params![node, beats]).await? == 0 {
        return Ok(0);
    }
    let lock = if tx.engine() == Engine::Postgres { " FOR UPDATE" } else { "" };
    let sql =
        format!("SELECT {} FROM jobs WHERE node = $1 AND state = 'running' ORDER BY id{lock}", rows::HEAD);
    let mut count = 0;
    for mut row in tx.rows(&sql, params![node]).await? {
        attempts::take_back(tx, rows::head(&mut row)?).await?;
        count += 1;
    }
    Ok(count)
}

/// The node ends in order. It gave everything back before.
pub(crate) async fn leave(tx: &mut Tx, node: NodeId) -> Result<()> {
    let sql = "DELETE FROM job_nodes WHERE id = $1 \
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE node = $1 AND state = 'running')";
    tx.execute(sql, params![node]).await?;
    Ok(())
}
