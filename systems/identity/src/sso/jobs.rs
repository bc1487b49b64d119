//! Forgetting states and tickets that are too old to be used.

use futures_util::future::BoxFuture;
use types::{Installation, Result};
use web::App;

use super::{identities, logins};

/// A sign-in that is over leaves nothing behind for long.
pub(crate) fn prune(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        loop {
            let inst = Installation::system("pruning logins at providers");
            let write = app.db().write(inst, |tx, inst| {
                Box::pin(async move {
                    let now = tx.now();
                    let states = logins::store::prune(tx, inst, now).await?;
                    Ok(states + identities::store::prune_tickets(tx, inst, now).await?)
                })
            });
            if write.await? == 0 {
                return Ok(());
            }
        }
    })
}
