//! The job that hands a mail over.

use std::sync::Arc;
use std::time::Duration;

use queue::{Finished, Job, Kind, Registered, Retry, not_again};
use types::{Kind as Reason, Result};

use crate::mailer::Mailer;
use crate::sealed::Sealed;

/// Tried for about seventeen hours: a server that is down over night loses nothing.
pub static SEND: Kind<Sealed> = Kind {
    queue: "mail",
    concurrency: 4,
    timeout: Duration::from_mins(10),
    retry: Retry { most: 24, first: Duration::from_secs(30), ceiling: Duration::from_hours(1) },
    ..Kind::new("mail.send", |job, sealed| Box::pin(run(job, sealed)))
};

/// The kind with what it needs to run.
pub fn registered(mailer: Arc<Mailer>) -> Registered {
    SEND.registered().with(mailer)
}

async fn run(job: Job, sealed: Sealed) -> Result<Finished> {
    let mailer = job.context::<Mailer>()?;
    match mailer.attempt(&sealed, &job.id().to_string()).await {
        Ok(_) => job.done().await,
        // The same mail will be refused again: whoever asked has to look at it.
        Err(error) if error.kind() == Reason::Invalid => Err(not_again(error)),
        Err(error) => Err(error),
    }
}
