//! Kinds of jobs, as they are written in code, and a job that is about to be asked for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use types::{Error, Result};

use crate::error::not_again;
use crate::job::{Context, Finished, Job};

/// What one kind of job is, and how it is treated. `P` is what it is told to do, kept as JSON: a payload that an older
/// version wrote must still be readable, so new members have defaults.
pub struct Kind<P: 'static> {
    /// `noun.verb`. Jobs in the database are found by it, so it is not changed.
    pub name: &'static str,
    /// What can be paused at once; a name, nothing more.
    pub queue: &'static str,
    /// Higher goes first, among the jobs of one workspace and kind.
    pub priority: i64,
    /// How many run at the same time on one node.
    pub concurrency: usize,
    /// How many run at the same time for one workspace, on all nodes together: where work waits for others, one workspace
    /// must not hold every place.
    pub per_workspace: usize,
    pub retry: Retry,
    /// How long one attempt may take.
    pub timeout: Duration,
    pub run: fn(Job, P) -> BoxFuture<'static, Result<Finished>>,
}

/// What happens after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many attempts there are in all.
    pub most: u32,
    /// How long it waits after the first failure; twice as long after each further one.
    pub first: Duration,
    /// It never waits longer, but for a tenth or two by chance.
    pub ceiling: Duration,
}

impl Retry {
    pub const NORMAL: Self =
        Self { most: 5, first: Duration::from_secs(2), ceiling: Duration::from_mins(10) };
    pub const NEVER: Self = Self { most: 1, ..Self::NORMAL };

    /// How long to wait after so many failures, or `None` when no attempt is left. Within a fifth around the exact span
    /// by chance, so that what failed together does not come back together.
    pub fn pause(&self, failures: u32) -> Option<Duration> {
        (failures < self.most).then(|| {
            let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20));
            doubled.min(self.ceiling).mul_f64(rand::random_range(0.8..1.2))
        })
    }
}

impl<P> Kind<P> {
    /// With moderate values for the rest: `Kind { timeout: .., ..Kind::new("document.read", run) }`.
    pub const fn new(name: &'static str, run: fn(Job, P) -> BoxFuture<'static, Result<Finished>>) -> Self {
        Self {
            name,
            queue: "default",
            priority: 0,
            concurrency: 4,
            per_workspace: usize::MAX,
            retry: Retry::NORMAL,
            timeout: Duration::from_mins(5),
            run,
        }
    }
}

impl<P: DeserializeOwned + Send + 'static> Kind<P> {
    /// As the queue keeps it: without the type of the payload.
    pub fn registered(&self) -> Registered {
        let run = self.run;
        let read = move |job: Job| -> BoxFuture<'static, Result<Finished>> {
            match serde_json::from_str(job.payload()) {
                Ok(payload) => run(job, payload),
                Err(error) => Box::pin(std::future::ready(Err(unreadable(&error)))),
            }
        };
        Registered {
            name: self.name,
            queue: self.queue,
            concurrency: self.concurrency,
            per_workspace: self.per_workspace,
            retry: self.retry,
            timeout: self.timeout,
            run: Arc::new(read),
            context: None,
        }
    }
}

/// The same bytes will not be readable next time.
fn unreadable(error: &serde_json::Error) -> Error {
    let message = "What the job was told to do cannot be read by this version.";
    not_again(Error::invalid("job_payload", message).because(error.to_string()))
}

/// A kind that the queue can run.
#[derive(Clone)]
pub struct Registered {
    pub name: &'static str,
    pub queue: &'static str,
    pub concurrency: usize,
    pub per_workspace: usize,
    pub retry: Retry,
    pub timeout: Duration,
    pub(crate) run: Arc<dyn Fn(Job) -> BoxFuture<'static, Result<Finished>> + Send + Sync>,
    pub(crate) context: Option<Context>,
}

impl Registered {
    /// With a context of its own, for a kind of a crate that cannot name what the queue is started with.
    #[must_use]
    pub fn with<C: Send + Sync + 'static>(mut self, context: Arc<C>) -> Self {
        self.context = Some(context);
        self
    }
}

/// Bytes of JSON.
const LONGEST_PAYLOAD: usize = 64 * 1024;

/// A job that is about to be asked for.
#[derive(Clone, Debug)]
pub struct NewJob {
    pub(crate) kind: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) priority: i64,
    pub(crate) payload: String,
    pub(crate) delay: Duration,
    pub(crate) subject: Option<String>,
    pub(crate) unique: Option<String>,
    pub(crate) quiet: bool,
}

impl NewJob {
    /// Fails when the payload cannot be written as JSON, which is a mistake in its type.
    /// 413 `job_payload_too_large` when it is longer than 64 KiB: hand over ids, not things.
    pub fn new<P: Serialize>(kind: &Kind<P>, payload: &P) -> Result<Self> {
        let payload = serde_json::to_string(payload).map_err(Error::internal)?;
        if payload.len() > LONGEST_PAYLOAD {
            let message = "What the job is told to do is longer than 64 KiB.";
            return Err(Error::new(types::Kind::TooLarge, "job_payload_too_large", message));
        }
        Ok(Self {
            kind: kind.name,
            queue: kind.queue,
            priority: kind.priority,
            payload,
            delay: Duration::ZERO,
            subject: None,
            unique: None,
            quiet: false,
        })
    }

    /// Not before so much time has passed.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Another priority than that of its kind.
    #[must_use]
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// The thing it is about, by its public id.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// At most one job of the kind with this key is queued or running in a workspace.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique = Some(key.into());
        self
    }

    /// Nobody asked for it: the journal is told nothing of it.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_ceiling_and_end() {
        let retry = Retry { most: 6, first: Duration::from_secs(1), ceiling: Duration::from_secs(5) };
        for (failures, seconds) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (5, 5.0)] {
            let pause = retry.pause(failures).expect("an attempt is left").as_secs_f64();
            assert!((seconds * 0.8..seconds * 1.2).contains(&pause), "{failures}: {pause}");
        }
        assert_eq!(retry.pause(6), None);
        assert_eq!(Retry::NEVER.pause(1), None);
        assert!(Retry { most: u32::MAX, ..Retry::NORMAL }.pause(4_000_000).is_some());
    }
}
