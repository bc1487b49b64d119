//! Writing counts down each minute, and forgetting those of long ago.

use std::time::Duration;

use futures_util::future::BoxFuture;
use types::{Installation, Result};
use web::App;

use super::store;
use crate::Identity;

const KEPT: Duration = Duration::from_hours(30 * 24);

/// Writes the counts down and forgets those of long ago. Counts of a node that dies are lost: at most a minute's.
pub(crate) fn flush(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let counts = app.extension::<Identity>()?.refusals.take();
        let before = app.clock().now().minus(KEPT).as_seconds().div_euclid(60);
        let inst = Installation::system("counting refused sign-ins");
        let write = app.db().write((inst, counts, before), |tx, (inst, counts, before)| {
            Box::pin(async move {
                for (counted, times) in counts {
                    store::add(tx, inst, counted, *times).await?;
                }
                store::prune(tx, inst, *before).await
            })
        });
        write.await
    })
}
