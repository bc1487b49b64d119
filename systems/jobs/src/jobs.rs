//! What this system does by itself: forgetting old jobs by the clock, and measuring the queues.

use std::time::Duration;

use futures_util::future::BoxFuture;
use queue::{Finished, Job, Kind, NewJob, Schedule};
use serde::{Deserialize, Serialize};
use types::{Installation, Result};
use web::App;

use crate::model;
use crate::queues::model as queues;

/// There is nothing to say: how long jobs are kept is a setting.
#[derive(Serialize, Deserialize)]
pub(crate) struct Prune {}

pub(crate) static PRUNE: Kind<Prune> = Kind {
    queue: "upkeep",
    concurrency: 1,
    timeout: Duration::from_mins(30),
    ..Kind::new("queue.prune", |job, _| Box::pin(prune(job)))
};

pub(crate) const SCHEDULES: &[Schedule] = &[Schedule {
    name: "queue.prune",
    cron: "7 * * * *",
    job: |_| Ok(NewJob::new(&PRUNE, &Prune {})?.unique("queue.prune")),
}];

/// Forgets what was done or cancelled long ago, a small commit at a time.
async fn prune(job: Job) -> Result<Finished> {
    let app = job.context::<App>()?.clone();
    let by = job.installation()?.clone();
    let keep = app.settings().get::<config::sections::Jobs>().keep;
    let mut pruned = 0;
    while !job.should_stop() {
        let batch = app.db().write((by.clone(), keep), |tx, (by, keep)| {
            Box::pin(async move { queue::prune(tx, by, tx.now().minus(*keep)).await })
        });
        let batch = batch.await?;
        pruned += batch;
        if batch < u64::from(queue::BATCH) {
            break;
        }
    }
    job.finish_installation(pruned, |_, _, pruned| {
        Box::pin(async move { Ok(serde_json::json!({ "pruned": pruned })) })
    })
    .await
}

/// Tells the gauges how full the queues are.
pub(crate) fn measure(app: App) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let by = Installation::system("the queues are measured");
        let known = queues::known(&app);
        let seen = app.db().read((by, known), |rx, (by, known)| {
            Box::pin(async move {
                let all = queues::all(rx, by, known).await?;
                Ok((all, queue::waiting(rx, by).await?, queue::run_somewhere(rx).await?))
            })
        });
        let (all, waiting, run) = seen.await?;
        let now = app.clock().now();
        for queue in all {
            let states = [
                ("ready", queue.ready),
                ("delayed", queue.delayed),
                ("running", queue.running),
                ("failed", queue.failed),
            ];
            for (state, count) in states {
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                metrics::gauge!("jobs_depth", "queue" => queue.name.clone(), "state" => state).set(count);
            }
            let age = queue.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
            metrics::gauge!("jobs_oldest_ready_seconds", "queue" => queue.name).set(age);
        }
        let known = model::known(&app);
        let unknown = waiting.iter().filter(|kind| !known.contains(&kind.as_str()) && !run.contains(kind));
        metrics::gauge!("jobs_unknown_kinds").set(u32::try_from(unknown.count()).unwrap_or(u32::MAX));
        Ok(())
    })
}
