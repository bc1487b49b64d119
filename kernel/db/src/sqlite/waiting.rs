//! A unit as the writer sees it: something to run, perhaps again, and an outcome to hold back until the commit.

use tokio::sync::oneshot;
use types::Result;

use super::Ticket;
use crate::unit::{Ran, Unit};
use crate::{Error, Tx, run};

pub(super) struct Waiting {
    /// Gone once the caller was told.
    unit: Option<Box<dyn Unit<Tx>>>,
    ticket: Ticket,
    outcome: Result<()>,
    reply: Option<oneshot::Sender<Ran<Tx>>>,
}

impl Waiting {
    pub(super) fn new(unit: Box<dyn Unit<Tx>>, ticket: Ticket) -> (Self, oneshot::Receiver<Ran<Tx>>) {
        let (reply, answer) = oneshot::channel();
        (Self { unit: Some(unit), ticket, outcome: Ok(()), reply: Some(reply) }, answer)
    }

    /// False if the caller gave up while it waited.
    pub(super) fn start(&self) -> bool {
        self.ticket.start()
    }

    /// Runs it and keeps the outcome; true if its changes are to stay.
    pub(super) fn run(&mut self, tx: &mut Tx) -> bool {
        let Some(unit) = &mut self.unit else { return false };
        let outcome = run::to_its_end(|| unit.run(tx));
        // PostgreSQL would have rolled this back without a word.
        self.outcome = if tx.failed() && outcome.is_ok() { Err(Error::Aborted.into()) } else { outcome };
        self.outcome.is_ok()
    }

    /// Replaces the outcome.
    pub(super) fn fail(&mut self, error: Error) {
        self.outcome = Err(error.into());
    }

    /// Tells the caller.
    pub(super) fn release(&mut self) {
        if let (Some(reply), Some(unit)) = (self.reply.take(), self.unit.take()) {
            let outcome = std::mem::replace(&mut self.outcome, Ok(()));
            // Whoever hung up does not hear of it; what was committed stays.
            let _ = reply.send(outcome.map(|()| unit));
        }
    }
}
