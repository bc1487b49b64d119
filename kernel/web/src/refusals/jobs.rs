//! Telling the journal each minute what was refused.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use db::Tx;
use futures_util::future::BoxFuture;
use journal::NewEvent;
use serde_json::json;
use types::{Actor, Installation, Origin, Result, Scope, Time, Trace};

use super::{EVENT, Refused};
use crate::app::App;
use crate::system::Upkeep;

pub(crate) const UPKEEP: Upkeep =
    Upkeep { name: "refused requests", every: Duration::from_mins(1), run: flush };

/// Lines in one commit.
const BATCH: usize = 200;

/// Writes the counts down. Those of a node that dies are lost: at most a minute's.
fn flush(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let counts = app.refusals().0.take();
        for (at, batch) in counts.chunks(BATCH).enumerate() {
            let write = app.db().write(batch.to_vec(), |tx, batch| {
                Box::pin(async move {
                    for (refused, times) in batch {
                        tell(tx, refused, *times).await?;
                    }
                    Ok(())
                })
            });
            if let Err(error) = write.await {
                app.refusals().0.put_back(counts[at * BATCH..].to_vec());
                return Err(error);
            }
        }
        Ok(())
    })
}

/// One line, in the name of whoever was refused and in the journal of where it was.
async fn tell(tx: &mut Tx, refused: &Refused, times: i64) -> Result<()> {
    let minute = Time::from_millis(refused.minute.saturating_mul(60_000));
    let event = NewEvent::new(EVENT.kind, refused.operation).with(json!({
        "code": refused.code, "permission": refused.permission, "times": times, "minute": minute,
        "network": refused.network,
    }));
    let actor = refused.actor.clone().unwrap_or_else(|| Actor::system("several callers"));
    let trace = Trace { origin: origin(refused), ..Trace::default() };
    let event = event.from("gate");
    if let Some(workspace) = refused.workspace {
        journal::append(tx, &Scope::of_request(workspace, actor, trace), event).await?;
    } else {
        journal::append_installation(tx, &Installation::of_request(actor, trace), event).await?;
    }
    Ok(())
}

/// The network as an address, so that the audit finds it by its network.
fn origin(refused: &Refused) -> Option<Arc<Origin>> {
    let address: IpAddr = refused.network.as_deref()?.split('/').next()?.parse().ok()?;
    Some(Arc::new(Origin { address, agent: String::new() }))
}
