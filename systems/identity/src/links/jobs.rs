//! Forgetting links of long ago.

use std::time::Duration;

use futures_util::future::BoxFuture;
use types::{Installation, Result};
use web::App;

use super::store;

/// For so long somebody who registered can ask for another mail.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// Removes them in small commits, so that a big heap of them holds up nobody.
pub(crate) fn prune(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        loop {
            let inst = Installation::system("pruning mailed links");
            let write = app.db().write(inst, |tx, inst| {
                Box::pin(async move {
                    let before = tx.now().minus(KEPT);
                    store::prune(tx, inst, before).await
                })
            });
            if write.await? < store::PRUNED_AT_ONCE {
                return Ok(());
            }
        }
    })
}
