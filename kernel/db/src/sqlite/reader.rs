//! A connection that only reads, on a thread of its own or borrowed by the calling one.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;
use types::{Clock, Result, Time};

use super::{error, open};
use crate::meter;
use crate::tx::{Link, Read};
use crate::unit::{Ran, Unit};
use crate::{Error, Options, run};

/// How many steps of SQLite's machine lie between two looks at the deadline.
const STEPS: i32 = 20_000;

pub(super) struct Reader {
    read: Read,
    /// When SQLite is to stop by itself: a reader that nobody waits for would hold back others, and the WAL.
    until: Arc<Mutex<Option<Instant>>>,
}

/// A read as a reader thread sees it.
pub(super) struct Question {
    pub(super) unit: Box<dyn Unit<Read>>,
    pub(super) snapshot: bool,
    pub(super) until: Instant,
    pub(super) reply: oneshot::Sender<Ran<Read>>,
}

impl Question {
    fn answer(mut self, reader: &mut Reader, now: Time) {
        if !self.reply.is_closed() {
            let outcome = reader.answer(self.snapshot, self.until, now, &mut *self.unit);
            let _ = self.reply.send(outcome.map(|()| self.unit));
        }
    }
}

impl Reader {
    pub(super) fn open(file: &Path, options: &Options) -> Result<Self, Error> {
        let mut connection = open::reader(file, options)?;
        let until = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&until);
        let passed = move || seen.lock().is_some_and(|until| Instant::now() >= until);
        connection.progress_handler(STEPS, Some(passed)).map_err(error::from)?;
        Ok(Self { read: Read::new(Link::Sqlite(Box::new(connection)), options.clock.now()), until })
    }

    pub(super) fn run(mut self, asked: &flume::Receiver<Question>, clock: &Clock) {
        while let Ok(question) = asked.recv() {
            meter::SQLITE.waiting("read", asked.len());
            question.answer(&mut self, clock.now());
        }
    }

    pub(super) fn answer(
        &mut self,
        snapshot: bool,
        until: Instant,
        now: Time,
        unit: &mut dyn Unit<Read>,
    ) -> Result<()> {
        let started = Instant::now();
        *self.until.lock() = Some(until);
        self.read.renew(now);
        if snapshot {
            self.statement("BEGIN")?;
        }
        let outcome = run::to_its_end(|| unit.run(&mut self.read));
        *self.until.lock() = None;
        if !self.read.sqlite().is_autocommit() {
            self.statement("ROLLBACK")?;
        }
        meter::SQLITE.read(started.elapsed());
        outcome
    }

    fn statement(&self, sql: &str) -> Result<(), Error> {
        let connection = self.read.sqlite();
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(drop)
            .map_err(error::from)
    }
}
