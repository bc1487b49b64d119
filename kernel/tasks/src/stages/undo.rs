//! The way back: what each finished stage left to be undone, in reverse.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::run::Progress;

/// How to undo one stage. It owns what it needs.
pub struct Undo {
    work: Option<BoxFuture<'static, Result<(), String>>>,
    limit: Duration,
}

impl Undo {
    /// There is nothing to undo.
    pub fn nothing() -> Self {
        Self { work: None, limit: Duration::ZERO }
    }

    /// Nothing of `work` runs before it is time. It has ten seconds unless [`Undo::within`] says otherwise.
    pub fn new<F>(work: F) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { work: Some(Box::pin(work)), limit: Duration::from_secs(10) }
    }

    /// Drops `value` when its turn comes: for locks and files that are given back by being closed.
    pub fn drop<T: Send + 'static>(value: T) -> Self {
        Self::new(async move {
            drop(value);
            Ok(())
        })
    }

    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

/// A stage that could not be undone. The others were, all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stage `{stage}` could not be undone: {cause}")]
pub struct UndoProblem {
    pub stage: &'static str,
    pub cause: String,
}

/// Every stage is up. Holds the way back.
#[must_use = "dropping it leaves every stage as it is"]
pub struct Started {
    pub(super) done: Vec<(&'static str, Undo)>,
}

impl Started {
    /// Undoes every stage in reverse and answers with what went wrong on the way.
    pub async fn stop(self, seen: &(dyn Fn(Progress) + Send + Sync)) -> Vec<UndoProblem> {
        let mut problems = Vec::new();
        for (stage, undo) in self.done.into_iter().rev() {
            seen(Progress::Undoing { stage });
            let Some(work) = undo.work else { continue };
            let cause = match tokio::time::timeout(undo.limit, AssertUnwindSafe(work).catch_unwind()).await {
                Ok(Ok(Ok(()))) => continue,
                Ok(Ok(Err(cause))) => cause,
                Ok(Err(panic)) => format!("it panicked: {}", crate::panic_text(panic.as_ref())),
                Err(_) => format!("it took longer than {} s", undo.limit.as_secs_f64()),
            };
            tracing::error!(stage, cause, "a stage could not be undone");
            problems.push(UndoProblem { stage, cause });
        }
        problems
    }
}
