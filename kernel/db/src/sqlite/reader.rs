//! A connection that only reads, on a thread of its own or borrowed by the calling one.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;
use types::{Clock, Result, Time};

use super::{error, open};
use crate::meter::Meter;
use crate::tx::{Link, Read};
use crate::{Error, Options, run};

/// How many steps of SQLite's machine lie between two looks at the deadline.
const STEPS: i32 = 20_000;

pub(super) struct Reader {
    read: Read,
    /// When SQLite is to stop by itself: a reader that nobody waits for would hold back others, and the WAL.
    until: Arc<Mutex<Option<Instant>>>,
}

/// A read as a reader thread sees it.
pub(super) trait Question: Send {
    fn answer(&mut self, reader: &mut Reader, now: Time);
}

pub(super) struct Job<A, R, F> {
    pub(super) args: A,
    pub(super) f: F,
    pub(super) snapshot: bool,
    pub(super) until: Instant,
    pub(super) reply: Option<oneshot::Sender<Result<R>>>,
}

impl<A, R, F> Question for Job<A, R, F>
where
    A: Send + Sync,
    R: Send,
    F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync,
{
    fn answer(&mut self, reader: &mut Reader, now: Time) {
        let Some(reply) = self.reply.take().filter(|reply| !reply.is_closed()) else { return };
        let _ = reply.send(reader.answer(self.snapshot, self.until, now, &self.args, &self.f));
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

    pub(super) fn run(mut self, asked: &flume::Receiver<Box<dyn Question>>, clock: &Clock) {
        while let Ok(mut question) = asked.recv() {
            Meter::SQLITE.waiting("read", asked.len());
            question.answer(&mut self, clock.now());
        }
    }

    pub(super) fn answer<A, R, F>(
        &mut self,
        snapshot: bool,
        until: Instant,
        now: Time,
        args: &A,
        f: &F,
    ) -> Result<R>
    where
        F: for<'t> Fn(&'t mut Read, &'t A) -> BoxFuture<'t, Result<R>>,
    {
        let started = Instant::now();
        *self.until.lock() = Some(until);
        self.read.renew(now);
        if snapshot {
            self.statement("BEGIN")?;
        }
        let outcome = run::to_its_end(|| f(&mut self.read, args));
        *self.until.lock() = None;
        if !self.read.sqlite().is_autocommit() {
            self.statement("ROLLBACK")?;
        }
        Meter::SQLITE.read(started.elapsed());
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
