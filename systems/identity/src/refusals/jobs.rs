//! Writing counts down each minute, telling the audit of them, and forgetting those of long ago.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use db::Tx;
use futures_util::future::BoxFuture;
use journal::NewEvent;
use serde_json::json;
use types::{Actor, Installation, Origin, Result, Time, Trace};
use web::App;

use super::{Counted, OTHERS, store};
use crate::{Identity, events};

const KEPT: Duration = Duration::from_hours(30 * 24);
/// Networks that the journal names in one minute; what the others did is one line for each kind.
const NAMED: usize = 20;

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
                for (counted, times) in &lines(counts) {
                    tell(tx, counted, *times).await?;
                }
                store::prune(tx, inst, *before).await
            })
        });
        write.await
    })
}

/// What the journal is told: the networks with the most refusals, and the rest together. A crowd of strangers must not be
/// able to fill the journal either.
fn lines(counts: &[(Counted, i64)]) -> Vec<(Counted, i64)> {
    let mut sorted: Vec<_> = counts.to_vec();
    sorted.sort_by_key(|(counted, times)| (-times, counted.minute, counted.kind, counted.network.clone()));
    let rest = sorted.split_off(sorted.len().min(NAMED));
    let mut together: HashMap<Counted, i64> = HashMap::new();
    for (counted, times) in rest {
        *together.entry(Counted { network: OTHERS.to_owned(), ..counted }).or_default() += times;
    }
    sorted.extend(together);
    sorted
}

async fn tell(tx: &mut Tx, counted: &Counted, times: i64) -> Result<()> {
    let Counted { minute, kind, network } = counted;
    let address = network.split('/').next().and_then(|text| text.parse().ok());
    let origin = address.map(|address| Arc::new(Origin { address, agent: String::new() }));
    let trace = Trace { origin, ..Trace::default() };
    let strangers = Installation::of_request(Actor::anonymous(), trace);
    let minute = Time::from_millis(minute.saturating_mul(60_000));
    let event = NewEvent::new(events::SIGN_IN_REFUSED, *kind)
        .with(json!({"code": kind, "network": network, "times": times, "minute": minute}));
    journal::append_installation(tx, &strangers, event).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_names_the_worst_and_counts_the_others_together() {
        let counts: Vec<_> = (0..10_000_i64)
            .map(|n| (Counted { minute: 7, kind: "invalid_credentials", network: format!("n{n}") }, n))
            .collect();
        let told = lines(&counts);
        assert_eq!(told.len(), NAMED + 1);
        assert_eq!((told[0].0.network.as_str(), told[NAMED].0.network.as_str()), ("n9999", OTHERS));
        let sum = |all: &[(Counted, i64)]| all.iter().map(|(_, times)| times).sum::<i64>();
        assert_eq!(sum(&told), sum(&counts));
    }
}
