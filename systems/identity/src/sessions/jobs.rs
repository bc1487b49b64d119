//! Cleaning up sessions that ended long ago.

use futures_util::future::BoxFuture;
use types::{Installation, Result};
use web::App;

use super::store;
use crate::settings::IdentitySettings;

/// Removes them in small commits, so that a big heap of them holds up nobody.
pub(crate) fn prune(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let keep = app.settings().get::<IdentitySettings>().session_kept;
        loop {
            let inst = Installation::system("pruning ended sessions");
            let write = app.db().write((inst, keep), |tx, (inst, keep)| {
                Box::pin(async move {
                    let now = tx.now();
                    store::prune(tx, inst, *keep, now).await
                })
            });
            if write.await? < store::PRUNED_AT_ONCE {
                return Ok(());
            }
        }
    })
}
