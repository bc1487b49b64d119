//! Replies kept under idempotency keys: looked up before the work, kept in the work's own transaction.
//!
//! Owns the table, the seal and the clean-up. Refuses to know what was asked.

mod sealed;
pub(crate) mod store;

use std::time::Duration;

use db::{Migrations, Tx};
use futures_util::future::BoxFuture;
use types::{Error, Installation, Kind, Result};

use crate::app::App;
use crate::idempotency_key::Key;
use crate::reply::Reply;
use crate::system::Upkeep;

pub(crate) const MIGRATIONS: Migrations =
    Migrations { system: "web", steps: &[db::migration!("0001_kept_replies")] };

/// Removes what has expired, every hour.
pub(crate) const UPKEEP: Upkeep =
    Upkeep { name: "kept replies", every: Duration::from_hours(1), run: remove_expired };

const BATCH: i64 = 500;

/// The reply that was kept for this request, if it was answered before.
pub(crate) async fn replay(tx: &mut Tx, key: &Key) -> Result<Option<Reply>> {
    let there = store::take(tx, &key.lookup).await?.ok_or_else(in_flight)?;
    there.map(|row| open(key, &row)).transpose()
}

/// Like [`replay`] without the turn: for a caller who has to learn how a lost commit ended.
pub(crate) async fn find(rx: &mut db::Read, key: &Key) -> Result<Option<Reply>> {
    store::find(rx, &key.lookup).await?.map(|row| open(key, &row)).transpose()
}

fn open(key: &Key, row: &store::KeptRow) -> Result<Reply> {
    if row.fingerprint != key.fingerprint {
        return Err(Error::invalid(
            "idempotency_mismatch",
            "This Idempotency-Key was used for another request. Use a new key.",
        ));
    }
    sealed::open(&key.seal, &row.sealed)
}

/// Keeps the reply in the transaction of the work.
pub(crate) async fn keep(tx: &mut Tx, key: &Key, reply: &Reply, ttl: Duration) -> Result<()> {
    let sealed = sealed::seal(&key.seal, reply)?;
    let expires_at = tx.now().plus(ttl);
    let row = store::KeptRow { fingerprint: key.fingerprint.to_vec(), sealed };
    // A copy on another node may have committed between this transaction's first look and its turn.
    if store::keep(tx, &key.lookup, &row, expires_at).await? { Ok(()) } else { Err(in_flight()) }
}

fn in_flight() -> Error {
    Error::new(
        Kind::Conflict,
        "idempotency_in_flight",
        "The first request with this Idempotency-Key still runs.",
    )
    .retry_after(1)
}

fn remove_expired(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        loop {
            let removed = app
                .db()
                .write(Installation::system("kept replies expire"), |tx, installation| {
                    Box::pin(store::remove_expired(tx, installation, BATCH))
                })
                .await?;
            if removed < BATCH.unsigned_abs() {
                return Ok(());
            }
        }
    })
}
