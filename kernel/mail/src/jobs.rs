//! The job that hands a mail over.

use std::sync::Arc;
use std::time::Duration;

use queue::{Finished, Job, Kind, Registered, Retry, not_again};
use types::{Kind as Reason, Result};

use crate::mailer::Mailer;
use crate::message::Message;

/// Tried for about seventeen hours: a server that is down over night loses nothing.
pub static SEND: Kind<Message> = Kind {
    queue: "mail",
    concurrency: 4,
    timeout: Duration::from_mins(10),
    retry: Retry { most: 24, first: Duration::from_secs(30), ceiling: Duration::from_hours(1) },
    ..Kind::new("mail.send", |job, message| Box::pin(run(job, message)))
};

/// The kind with what it needs to run.
pub fn registered(mailer: Arc<Mailer>) -> Registered {
    SEND.registered().with(mailer)
}

async fn run(job: Job, message: Message) -> Result<Finished> {
    let mailer = job.context::<Mailer>()?;
    let id = job.id().to_string();
    match mailer.deliver(&message, &id, job.db().clock().now()).await {
        Ok(_) => job.done().await,
        // The same mail will be refused again: whoever asked has to look at it.
        Err(error) if error.kind() == Reason::Invalid => Err(not_again(error)),
        Err(error) => Err(error),
    }
}
