//! The one thread that writes: takes what waits, and has it committed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

use super::Waiting;
use super::doubt::Doubt;
use super::group::Group;
use crate::meter;
use crate::{Options, run};

/// Between two tries to end a doubt while nobody writes.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    group: Group,
    most: usize,
    waiting: flume::Receiver<Waiting>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        options: &Options,
        waiting: flume::Receiver<Waiting>,
        commits: Arc<watch::Sender<u64>>,
        doubt: Doubt,
    ) -> Self {
        let group = Group::new(connection, options.clock.clone(), commits, doubt);
        Self { group, most: options.group.max(1), waiting }
    }

    /// Until every sender is gone and nothing waits any more.
    pub(super) fn run(mut self) {
        while let Some(first) = self.next() {
            let mut units = vec![first];
            units.extend(self.waiting.try_iter().take(self.most - 1));
            units.retain(Waiting::start);
            meter::SQLITE.waiting("write", self.waiting.len());
            // A bug here must not end the only thread that writes.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.group.commit(units))) {
                tracing::error!(error = %run::panicked(&*panic), "the writer fell over a group");
            }
        }
        if let Err(error) = self.group.checkpoint() {
            tracing::warn!(%error, "the WAL was not folded into the database");
        }
    }

    /// Waits for a unit. After a failure of the disk it looks meanwhile whether that is over.
    fn next(&self) -> Option<Waiting> {
        while self.group.settle().is_err() {
            match self.waiting.recv_timeout(AGAIN) {
                Ok(unit) => return Some(unit),
                Err(flume::RecvTimeoutError::Timeout) => {}
                Err(flume::RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.waiting.recv().ok()
    }
}
