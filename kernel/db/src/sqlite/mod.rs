//! SQLite: one thread that writes, some that read, and reads by id on the calling thread.
//!
//! Owns the file and every connection to it. Refuses to know what is written.

mod doubt;
mod error;
mod group;
mod link;
mod open;
mod reader;
mod schema;
mod thread;
mod ticket;
mod waiting;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use types::{Clock, Result};

use crate::meter;
use crate::migrate::Step;
use crate::unit::{Ran, Unit, unit};
use crate::{Error, Options, Read, Status, Tx, error as db_error};
use doubt::Doubt;
use reader::{Question, Reader};
use ticket::Ticket;
use waiting::Waiting;

pub(crate) use link::{execute, rows};

/// How many connections for reads by id are kept when nobody uses them.
const IDLE: usize = 16;

pub(crate) struct Sqlite {
    file: PathBuf,
    clock: Clock,
    deadline: Duration,
    busy_timeout: Duration,
    /// Empty once the database is closed.
    units: RwLock<Option<flume::Sender<Waiting>>>,
    questions: RwLock<Option<flume::Sender<Question>>>,
    idle: Mutex<Vec<Reader>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    doubt: Doubt,
}

impl Sqlite {
    pub(crate) async fn open(options: Options, commits: Arc<watch::Sender<u64>>) -> db_error::Result<Self> {
        thread::aside(move || Self::open_here(&options, commits)).await?
    }

    fn open_here(options: &Options, commits: Arc<watch::Sender<u64>>) -> db_error::Result<Self> {
        let file = options.file();
        let connection = open::writer(&file, options)?;
        let doubt = Doubt::of_a_start(&connection)?;
        open::sync_folder(&file)?;
        let (units, waiting) = flume::bounded(options.queue);
        let (questions, asked) = flume::bounded(options.queue);
        let mut threads = Vec::new();
        let writer = writer::Writer::new(connection, options, waiting, commits, doubt.clone());
        threads.push(thread::start("db-writer".into(), move || writer.run())?);
        for number in 0..options.readers.max(1) {
            let reader = Reader::open(&file, options)?;
            let (asked, clock) = (asked.clone(), options.clock.clone());
            threads.push(thread::start(format!("db-reader-{number}"), move || reader.run(&asked, &clock))?);
        }
        Ok(Self {
            file,
            clock: options.clock.clone(),
            deadline: options.deadline,
            busy_timeout: options.busy_timeout,
            units: RwLock::new(Some(units)),
            questions: RwLock::new(Some(questions)),
            idle: Mutex::new(Vec::new()),
            threads: Mutex::new(threads),
            doubt,
        })
    }

    pub(crate) async fn write(&self, unit: Box<dyn Unit<Tx>>) -> Ran<Tx> {
        let ticket = Ticket::new();
        let (waiting, mut answer) = Waiting::new(unit, ticket.clone());
        push(&self.units, waiting, "write")?;
        match tokio::time::timeout(self.deadline, &mut answer).await {
            Ok(outcome) => outcome,
            Err(_) if ticket.cancel() => return Err(Error::Deadline.into()),
            // It is running, so what becomes of it is worth waiting for: the writer's work is bounded.
            Err(_) => answer.await,
        }
        // The writer fell over a bug of its own in the middle of this unit.
        .unwrap_or_else(|_| Err(Error::OutcomeUnknown.into()))
    }

    /// On a reader thread.
    pub(crate) async fn read(&self, snapshot: bool, unit: Box<dyn Unit<Read>>) -> Ran<Read> {
        let until = Instant::now() + self.deadline;
        let (reply, answer) = oneshot::channel();
        push(&self.questions, Question { unit, snapshot, until, reply }, "read")?;
        match tokio::time::timeout_at(until, answer).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| Err(Error::Closed.into())),
            Err(_) => Err(Error::Deadline.into()),
        }
    }

    /// Right here: for reads that take microseconds.
    pub(crate) fn get(&self, options: &Options, unit: &mut dyn Unit<Read>) -> Result<()> {
        if self.units.read().is_none() {
            return Err(Error::Closed.into());
        }
        let kept = self.idle.lock().pop();
        let mut reader = match kept {
            Some(reader) => reader,
            None => Reader::open(&self.file, options)?,
        };
        let until = Instant::now() + self.deadline;
        let outcome = reader.answer(false, until, self.clock.now(), unit);
        let mut idle = self.idle.lock();
        if idle.len() < IDLE {
            idle.push(reader);
        }
        outcome
    }

    /// Whether it can be read and the writer is at work.
    pub(crate) fn check(&self, options: &Options) -> Result<()> {
        if self.threads.lock().iter().any(JoinHandle::is_finished) {
            return Err(Error::Closed.into());
        }
        if self.doubt.is_there() {
            return Err(Error::Doubtful.into());
        }
        let mut look = unit((), |rx: &mut Read, ()| {
            Box::pin(async move {
                rx.rows("SELECT count(*) FROM sqlite_schema", &[]).await?;
                Ok(())
            })
        });
        self.get(options, &mut *look)
    }

    /// Lets what waits be written, then ends the threads. The last connection to close folds the WAL into the file.
    pub(crate) async fn close(&self) {
        self.units.write().take();
        self.questions.write().take();
        self.idle.lock().clear();
        let threads = std::mem::take(&mut *self.threads.lock());
        let _ = thread::aside(move || threads.into_iter().for_each(|thread| drop(thread.join()))).await;
    }

    pub(crate) async fn migrate(&self, steps: Vec<Step>) -> db_error::Result<Vec<Status>> {
        let (file, busy_timeout, clock) = (self.file.clone(), self.busy_timeout, self.clock.clone());
        thread::aside(move || schema::migrate(&file, busy_timeout, &clock, &steps)).await?
    }

    pub(crate) async fn history(&self) -> db_error::Result<Vec<crate::migrate::Applied>> {
        let (file, busy_timeout) = (self.file.clone(), self.busy_timeout);
        thread::aside(move || schema::history(&file, busy_timeout)).await?
    }
}

/// Puts it where it waits, or refuses it at once: a queue without an end only hides that there is too much.
fn push<T>(queue: &RwLock<Option<flume::Sender<T>>>, what: T, name: &'static str) -> db_error::Result<()> {
    let queue = queue.read();
    let queue = queue.as_ref().ok_or(Error::Closed)?;
    queue.try_send(what).map_err(|refused| match refused {
        flume::TrySendError::Full(_) => Error::Overloaded,
        flume::TrySendError::Disconnected(_) => Error::Closed,
    })?;
    meter::SQLITE.waiting(name, queue.len());
    Ok(())
}
