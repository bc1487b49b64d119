//! A handle on one piece of work of the group.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The work ended without a result: it panicked, or it was cut off at shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error("the task `{0}` panicked")]
    Panicked(&'static str),
    #[error("the task `{0}` was stopped before its end")]
    Stopped(&'static str),
}

/// Awaiting it gives the result. Dropping it changes nothing: the work goes on.
#[derive(Debug)]
#[must_use = "await it, or say with `detach` that nobody waits"]
pub struct Task<T> {
    pub(crate) name: &'static str,
    pub(crate) handle: tokio::task::JoinHandle<Result<T, Lost>>,
    pub(crate) cut: Cut,
}

/// How a piece of work is cut off at its next await.
#[derive(Clone, Debug)]
pub(crate) enum Cut {
    Task(tokio::task::AbortHandle),
    Thread(futures_util::future::AbortHandle),
}

impl Cut {
    pub(crate) fn off(&self) {
        match self {
            Self::Task(task) => task.abort(),
            Self::Thread(work) => work.abort(),
        }
    }
}

impl<T> Task<T> {
    /// Nobody waits for the result.
    pub fn detach(self) {}

    /// Cuts the work off at its next await. Blocking work can not be cut off.
    pub fn abort(&self) {
        self.cut.off();
    }

    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, Lost>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let name = self.name;
        Pin::new(&mut self.handle).poll(cx).map(|joined| match joined {
            Ok(outcome) => outcome,
            Err(_) => Err(Lost::Stopped(name)),
        })
    }
}
