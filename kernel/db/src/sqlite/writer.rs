//! The one thread that writes: takes what waits, and has it committed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::watch;

use super::Unit;
use super::group::Group;
use crate::meter::Meter;
use crate::{Options, run};

pub(super) struct Writer {
    group: Group,
    most: usize,
    waiting: flume::Receiver<Box<dyn Unit>>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        options: &Options,
        waiting: flume::Receiver<Box<dyn Unit>>,
        commits: Arc<watch::Sender<u64>>,
    ) -> Self {
        let group = Group::new(connection, options.clock.clone(), commits);
        Self { group, most: options.group.max(1), waiting }
    }

    /// Until every sender is gone and nothing waits any more.
    pub(super) fn run(mut self) {
        while let Ok(first) = self.waiting.recv() {
            let mut units = vec![first];
            units.extend(self.waiting.try_iter().take(self.most - 1));
            units.retain(|unit| unit.start());
            Meter::SQLITE.waiting("write", self.waiting.len());
            // A bug here must not end the only thread that writes.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.group.commit(units))) {
                tracing::error!(error = %run::panicked(&*panic), "the writer fell over a group");
            }
        }
        if let Err(error) = self.group.checkpoint() {
            tracing::warn!(%error, "the WAL was not folded into the database");
        }
    }
}
