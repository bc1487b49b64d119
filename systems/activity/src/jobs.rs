//! Forgetting what is older than events are kept, and nodes that say nothing more.

use std::time::Duration;

use db::Tx;
use futures_util::future::BoxFuture;
use types::{Installation, Result};
use web::App;

use crate::{AuditSettings, audited_kinds, presence};

/// Takes old events out of the feed, forgets the addresses of older ones, then those that even the audit keeps no more: each
/// a small commit at a time.
pub(crate) fn prune(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let feed = app.settings().get::<config::sections::Journal>().keep;
        let audit = app.settings().get::<AuditSettings>();
        let kept = audited_kinds(&app);
        in_batches(&app, (feed, kept), |tx, by, (keep, kept)| {
            Box::pin(async move { journal::thin(tx, by, tx.now().minus(*keep), kept).await })
        })
        .await?;
        in_batches(&app, audit.keep_addresses, |tx, by, keep| {
            Box::pin(async move { journal::forget_origins(tx, by, tx.now().minus(*keep)).await })
        })
        .await?;
        in_batches(&app, audit.keep.max(feed), |tx, by, keep| {
            Box::pin(async move { journal::prune(tx, by, tx.now().minus(*keep)).await })
        })
        .await
    })
}

/// Does it again as long as it finds as much as there is in a batch.
async fn in_batches<A, F>(app: &App, args: A, work: F) -> Result<()>
where
    A: Clone + Send + Sync + 'static,
    F: for<'t> Fn(&'t mut Tx, &'t Installation, &'t A) -> BoxFuture<'t, Result<usize>>
        + Copy
        + Send
        + Sync
        + 'static,
{
    loop {
        let by = Installation::system("old events are forgotten");
        let write = app.db().write((by, args.clone()), move |tx, (by, args)| work(tx, by, args));
        if write.await? < journal::BATCH as usize {
            return Ok(());
        }
    }
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
