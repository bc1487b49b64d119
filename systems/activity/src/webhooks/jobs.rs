//! Following the journal: a job of the installation that goes on as long as somebody listens.
//!
//! A job, so that one node at a time reads for all, another takes over when that one dies, and it can be paused, seen and
//! stopped like any work. That two read at once would do no harm: see `ops_follower`.

use std::time::Duration;

use queue::{Finished, Job, Kind, NewJob, Retry, Schedule};
use serde::{Deserialize, Serialize};
use tasks::Stopwatch;
use types::Result;
use web::App;

use super::ops_follower::{self, Step};
use super::store_follower;

/// There is nothing to say: where it stands is kept beside the webhooks.
#[derive(Serialize, Deserialize)]
pub(crate) struct Follow {}

/// So long one job follows; then the next one does. Whatever is counted of a job begins anew with each.
const TURN: Duration = Duration::from_mins(10);
/// What no bell told of is found after this long.
const POLL: Duration = Duration::from_secs(5);

pub(crate) static FOLLOW: Kind<Follow> = Kind {
    queue: "webhooks",
    concurrency: 1,
    timeout: Duration::from_mins(15),
    retry: Retry { most: u32::MAX, first: Duration::from_secs(1), ceiling: Duration::from_secs(30) },
    ..Kind::new("webhooks.follow", |job, _| Box::pin(follow(job)))
};

/// Should the chain ever break, it is mended within the hour.
pub(crate) const FOLLOWING: Schedule =
    Schedule { name: "webhooks.follow", cron: "11 * * * *", job: |_| follow_job() };

/// What is asked for. There is one at most.
pub(super) fn follow_job() -> Result<NewJob> {
    Ok(NewJob::new(&FOLLOW, &Follow {})?.unique("webhooks.follow").quiet())
}

async fn follow(job: Job) -> Result<Finished> {
    let (app, by) = (job.context::<App>()?.clone(), job.installation()?.clone());
    let (watch, mut rings) = (Stopwatch::start(), app.journal().subscribe());
    while !job.should_stop() && watch.elapsed() < TURN {
        rings.mark_unchanged();
        match ops_follower::step(&app, &by).await? {
            Step::NobodyThere => break,
            Step::Moved => continue,
            Step::Nothing => {}
        }
        tokio::select! {
            rung = rings.changed() => if rung.is_err() { break },
            () = job.stopped() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
    // This one is done when the closure runs: the next may have its name.
    job.finish_installation((), |tx, by, ()| {
        Box::pin(async move {
            if store_follower::is_anybody_there(tx, by).await? {
                queue::enqueue_installation(tx, by, follow_job()?).await?;
            }
            Ok(())
        })
    })
    .await
}
