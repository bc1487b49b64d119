//! The checks of the queues and of webhooks.

use std::time::Duration;

use futures_util::future::BoxFuture;
use types::Installation;

use super::{Finding, Patient};

/// A job that could have run for so long and did not.
const LAG: Duration = Duration::from_mins(5);

pub(super) fn jobs(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let db = match &patient.db {
            Ok(db) => db,
            Err(_) if patient.running => {
                return Finding::ok("a server uses the database; see `mainstay jobs list` and /metrics");
            }
            Err(why) => return Finding::fail(why.clone(), "See the check `reachable`."),
        };
        let by = Installation::system("the doctor looks at the queues");
        let seen = db.read(by, |rx, by| {
            Box::pin(async move {
                let waiting = queue::waiting(rx, by).await?;
                Ok((queue::queues(rx, by).await?, waiting, queue::run_somewhere(rx).await?))
            })
        });
        let Ok((queues, waiting, run)) = seen.await else {
            return Finding::warn("the tables are not there yet", "See the check `migrations`.");
        };
        let known = web::kinds(&crate::systems::all());
        let now = db.clock().now();
        let mut lines = Vec::new();
        for queue in &queues {
            let name = &queue.name;
            if let Some((at, by)) = &queue.paused {
                lines.push(format!("{name} is paused since {at} by {by}: mainstay jobs resume {name}"));
            } else if queue.oldest.is_some_and(|oldest| now.since(oldest) > LAG) {
                lines.push(format!(
                    "{name}: {} jobs wait, the oldest for more than five minutes",
                    queue.ready
                ));
            }
            if queue.failed > 0 {
                lines
                    .push(format!("{name}: {} jobs failed: mainstay jobs list --state failed", queue.failed));
            }
        }
        let dead = waiting
            .iter()
            .filter(|kind| !run.contains(kind) && !known.iter().any(|known| known.name == kind.as_str()));
        lines.extend(dead.map(|kind| format!("nobody knows the kind {kind}: its jobs wait for ever")));
        if lines.is_empty() {
            return Finding::ok(format!("nothing waits too long in {} queues", queues.len()));
        }
        let hint = "See `jobs` in the troubleshooting page, docs/guide/troubleshooting.md.";
        Finding::warn(format!("{} things to look at", lines.len()), hint).lines(lines)
    })
}

/// Webhooks that are named; more are not looked at.
const NAMED: u32 = 20;

/// Webhooks that were switched off: whoever owns them was written to, and may have overlooked it.
pub(super) fn webhooks(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let db = match &patient.db {
            Ok(db) => db,
            Err(_) if patient.running => return Finding::ok("a server uses the database; see /metrics"),
            Err(why) => return Finding::fail(why.clone(), "See the check `reachable`."),
        };
        let by = Installation::system("the doctor looks at webhooks");
        let seen = db.read(by, |rx, by| Box::pin(activity::webhooks_switched_off(rx, by, NAMED)));
        let Ok(off) = seen.await else {
            return Finding::warn("the tables are not there yet", "See the check `migrations`.");
        };
        if off.is_empty() {
            return Finding::ok("none was switched off");
        }
        let lines = off
            .iter()
            .map(|[workspace, id, host, reason]| format!("{id} of {workspace} to {host}: {reason}"));
        let hint = "Their owners enable them again: docs/guide/webhooks.md.";
        Finding::warn(format!("{} switched off", off.len()), hint).lines(lines.collect())
    })
}
