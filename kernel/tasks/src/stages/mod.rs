//! The startup graph: stages with named prerequisites, and the way back.
//!
//! Owns the order, the undoing and the words of the message when a stage fails. Refuses to know what a stage does.
//!
//! A stage gets the shared context and gives back how to undo it. When stage N fails, N-1 to 1 are undone in reverse;
//! shutdown is the same list backwards.

mod order;
mod run;
#[cfg(test)]
mod tests;
mod undo;

use std::fmt;

use futures_util::future::BoxFuture;

pub use order::GraphError;
pub use run::{Progress, StartError};
pub use undo::{Started, Undo, UndoProblem};

type Run<C> = Box<dyn for<'c> FnOnce(&'c mut C) -> BoxFuture<'c, Result<Undo, Failure>> + Send>;

/// One step of the start.
pub struct Stage<C> {
    pub(crate) name: &'static str,
    pub(crate) needs: &'static [&'static str],
    pub(crate) next_step: &'static str,
    pub(crate) run: Run<C>,
}

impl<C> Stage<C> {
    /// `run` may be dropped at any of its awaits (the start was interrupted); what it has made until then must go
    /// with it.
    pub fn new<F>(name: &'static str, needs: &'static [&'static str], run: F) -> Self
    where
        F: for<'c> FnOnce(&'c mut C) -> BoxFuture<'c, Result<Undo, Failure>> + Send + 'static,
    {
        Self { name, needs, next_step: "See the log above for the cause.", run: Box::new(run) }
    }

    /// What to do when this stage fails and the failure itself has no better advice.
    #[must_use]
    pub fn next_step(mut self, next_step: &'static str) -> Self {
        self.next_step = next_step;
        self
    }
}

/// Why a stage could not be done.
#[derive(Debug)]
pub struct Failure {
    pub(crate) cause: String,
    pub(crate) next_step: Option<String>,
    pub(crate) exit: u8,
}

impl Failure {
    pub fn new(cause: impl fmt::Display) -> Self {
        Self { cause: cause.to_string(), next_step: None, exit: 1 }
    }

    /// What the reader should do now.
    #[must_use]
    pub fn next_step(mut self, next_step: impl Into<String>) -> Self {
        self.next_step = Some(next_step.into());
        self
    }

    /// The exit code the process ends with.
    #[must_use]
    pub fn exit(mut self, code: u8) -> Self {
        self.exit = code;
        self
    }
}

/// Stages in an order in which every one finds what it needs.
pub struct Graph<C> {
    pub(crate) stages: Vec<Stage<C>>,
}

impl<C> Graph<C> {
    /// Refuses a name that comes twice, a prerequisite that nobody is, and a circle.
    pub fn new(stages: Vec<Stage<C>>) -> Result<Self, GraphError> {
        Ok(Self { stages: order::sort(stages)? })
    }

    /// The names in the order in which they run.
    pub fn names(&self) -> Vec<&'static str> {
        self.stages.iter().map(|stage| stage.name).collect()
    }
}
