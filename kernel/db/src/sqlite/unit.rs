//! A unit of work as the writer sees it: something to run, perhaps again, and an outcome to hold back until the commit.

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use types::Result;

use super::Ticket;
use crate::{Error, Tx, run};

pub(super) trait Unit: Send {
    /// False if the caller gave up while it waited.
    fn start(&self) -> bool;
    /// Runs it and keeps the outcome; true if its changes are to stay.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Replaces the outcome.
    fn fail(&mut self, error: Error);
    /// Tells the caller.
    fn release(&mut self);
}

pub(super) struct Work<A, R, F> {
    args: A,
    f: F,
    ticket: Ticket,
    outcome: Option<Result<R>>,
    reply: Option<oneshot::Sender<Result<R>>>,
}

impl<A, R, F> Work<A, R, F> {
    pub(super) fn new(args: A, f: F, ticket: Ticket) -> (Self, oneshot::Receiver<Result<R>>) {
        let (reply, answer) = oneshot::channel();
        (Self { args, f, ticket, outcome: None, reply: Some(reply) }, answer)
    }
}

impl<A, R, F> Unit for Work<A, R, F>
where
    A: Send + Sync,
    R: Send,
    F: for<'t> Fn(&'t mut Tx, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync,
{
    fn start(&self) -> bool {
        self.ticket.start()
    }

    fn run(&mut self, tx: &mut Tx) -> bool {
        let outcome = run::to_its_end(|| (self.f)(tx, &self.args));
        // PostgreSQL would have rolled this back without a word.
        let outcome = if tx.failed() && outcome.is_ok() { Err(Error::Aborted.into()) } else { outcome };
        let kept = outcome.is_ok();
        self.outcome = Some(outcome);
        kept
    }

    fn fail(&mut self, error: Error) {
        self.outcome = Some(Err(error.into()));
    }

    fn release(&mut self) {
        if let (Some(reply), Some(outcome)) = (self.reply.take(), self.outcome.take()) {
            // Whoever hung up does not hear of it; what was committed stays.
            let _ = reply.send(outcome);
        }
    }
}
