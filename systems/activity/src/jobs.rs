//! Forgetting what is older than events are kept, and nodes that say nothing more.

use std::time::Duration;

use futures_util::future::BoxFuture;
use types::{Installation, Result};
use web::App;

use crate::presence;

/// Removes old events, a small commit at a time.
pub(crate) fn prune(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let keep = app.settings().get::<config::sections::Journal>().keep;
        loop {
            let by = Installation::system("old events are forgotten");
            let pruned = app
                .db()
                .write((by, keep), |tx, (by, keep)| {
                    Box::pin(async move { journal::prune(tx, by, tx.now().minus(*keep)).await })
                })
                .await?;
            if pruned < journal::BATCH as usize {
                return Ok(());
            }
        }
    })
}

/// Removes what nodes said that were gone long ago.
pub(crate) fn prune_presences(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let by = Installation::system("nodes that are gone are forgotten");
        let pruned = app.db().write(by, |tx, by| {
            Box::pin(async move { presence::prune(tx, by, tx.now().minus(Duration::from_hours(1))).await })
        });
        pruned.await
    })
}
