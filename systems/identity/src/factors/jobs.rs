//! Forgetting challenges that nobody could answer any more.

use std::time::Duration;

use futures_util::future::BoxFuture;
use types::{Installation, Result};
use web::App;

use super::store;

/// Far longer than they are good for: a clock that is set back must not make a spent one good again.
const KEPT: Duration = Duration::from_hours(24);

pub(crate) fn prune(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let inst = Installation::system("pruning spent challenges");
        let write = app.db().write(inst, |tx, inst| {
            Box::pin(async move {
                let before = tx.now().minus(KEPT);
                store::prune(tx, inst, before).await
            })
        });
        write.await.map(|_| ())
    })
}
