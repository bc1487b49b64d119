//! Replacing the signing key by the clock, once for all nodes.

use std::time::Duration;

use queue::{Finished, Job, Kind, NewJob, Schedule};
use serde::{Deserialize, Serialize};
use types::Result;
use web::App;

use super::ops::{self, When};

/// There is nothing to say: how long a key signs is a setting.
#[derive(Serialize, Deserialize)]
pub(crate) struct Rotate {}

pub(crate) static ROTATE: Kind<Rotate> = Kind {
    queue: "upkeep",
    concurrency: 1,
    timeout: Duration::from_mins(1),
    ..Kind::new("identity.rotate_signing", |job, _| Box::pin(rotate(job)))
};

pub(crate) const SCHEDULE: Schedule = Schedule {
    name: "identity.rotate_signing",
    cron: "41 * * * *",
    job: |_| Ok(NewJob::new(&ROTATE, &Rotate {})?.unique("identity.rotate_signing")),
};

/// Run again after a crash it finds the key that it made, and makes no second one.
async fn rotate(job: Job) -> Result<Finished> {
    let app = job.context::<App>()?.clone();
    let by = job.installation()?.clone();
    if ops::is_due(&app, &by).await? {
        let made = ops::rotate(&app, &by, When::Later).await?;
        tracing::info!(key = %made.id, signs_from = ?made.signs_from, "a new signing key was made");
    }
    job.done().await
}
