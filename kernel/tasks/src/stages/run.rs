//! Running the graph, and what is said when it stops half-way.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::{Failure, Graph, Stage, Started, Undo, UndoProblem};
use crate::{Stopping, Stopwatch};

/// What the observer is told (`/ready` shows it, the log keeps it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Starting { stage: &'static str, number: usize, of: usize },
    Done { stage: &'static str, took: Duration },
    Failed { stage: &'static str },
    Undoing { stage: &'static str },
}

/// The start did not come to its end, and everything that was up is down again.
#[derive(Debug)]
pub struct StartError {
    pub stage: &'static str,
    pub cause: String,
    pub next_step: String,
    /// What the process should end with.
    pub exit: u8,
    /// Somebody asked for the end while the stage ran; nothing is wrong.
    pub interrupted: bool,
    /// What was undone, in the order in which that was done.
    pub undone: Vec<&'static str>,
    pub problems: Vec<UndoProblem>,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.interrupted {
            return write!(
                f,
                "Start-up was interrupted at the stage `{}`. Nothing is left running.",
                self.stage
            );
        }
        write!(f, "Start-up stopped at the stage `{}`: {}", self.stage, self.cause.trim_end())?;
        for problem in &self.problems {
            write!(f, "\nWhile going back, {problem}.")?;
        }
        write!(f, "\nNext step: {}", self.next_step)
    }
}

impl std::error::Error for StartError {}

impl<C: Send> Graph<C> {
    /// Runs the stages one after another. When one fails, panics or is interrupted, every finished one is undone in
    /// reverse before the error comes back.
    pub async fn start(
        self,
        context: &mut C,
        stopping: &Stopping,
        seen: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Started, StartError> {
        let of = self.stages.len();
        let mut started = Started { done: Vec::with_capacity(of) };
        for (index, stage) in self.stages.into_iter().enumerate() {
            let (name, next_step) = (stage.name, stage.next_step);
            seen(Progress::Starting { stage: name, number: index + 1, of });
            let watch = Stopwatch::start();
            let end = run_one(stage, context, stopping).await;
            let failure = match end {
                Ended::Up(undo) => {
                    started.done.push((name, undo));
                    match planted(name, "after") {
                        None => {
                            seen(Progress::Done { stage: name, took: watch.elapsed() });
                            continue;
                        }
                        Some(failure) => Some(failure),
                    }
                }
                Ended::Failed(failure) => Some(failure),
                Ended::Interrupted => None,
            };
            seen(Progress::Failed { stage: name });
            let undone = started.done.iter().rev().map(|(name, _)| *name).collect();
            let problems = started.stop(seen).await;
            let interrupted = failure.is_none();
            let failure = failure.unwrap_or_else(|| Failure::new("interrupted").exit(130));
            return Err(StartError {
                stage: name,
                cause: failure.cause,
                next_step: failure.next_step.unwrap_or_else(|| next_step.to_owned()),
                exit: failure.exit,
                interrupted,
                undone,
                problems,
            });
        }
        Ok(started)
    }
}

enum Ended {
    Up(Undo),
    Failed(Failure),
    Interrupted,
}

async fn run_one<C>(stage: Stage<C>, context: &mut C, stopping: &Stopping) -> Ended {
    let (name, run) = (stage.name, stage.run);
    let work = AssertUnwindSafe(async move {
        if let Some(failure) = planted(name, "before") {
            return Err(failure);
        }
        run(context).await
    })
    .catch_unwind();
    let end = tokio::select! {
        // A stage that has come to its end counts, so that its undo is not lost.
        biased;
        end = work => end,
        () = stopping.stopped() => return Ended::Interrupted,
    };
    match end {
        Ok(Ok(undo)) => Ended::Up(undo),
        Ok(Err(failure)) => Ended::Failed(failure),
        Err(panic) => Ended::Failed(
            Failure::new(format!("it panicked: {}", crate::panic_text(panic.as_ref())))
                .next_step("This is a mistake in Mainstay: report it with the log."),
        ),
    }
}

/// The fault `stage.NAME.before` or `stage.NAME.after`, when it is switched on.
#[cfg(feature = "faults")]
fn planted(stage: &'static str, when: &str) -> Option<Failure> {
    fail::eval(&format!("stage.{stage}.{when}"), |said| {
        Failure::new(format!("planted fault {}", said.unwrap_or_default()))
    })
}

#[cfg(not(feature = "faults"))]
fn planted(_stage: &'static str, _when: &str) -> Option<Failure> {
    None
}
