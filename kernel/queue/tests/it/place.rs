//! A queue for one test: an empty database on the engine that it asks for, kinds that count what they do, and nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use db::{Db, Engine, params};
use parking_lot::Mutex;
use queue::{Finished, Job, JobId, JobLine, JobRow, Kind, NewJob, Options, Queue, Retry, State};
use serde::{Deserialize, Serialize};
use tasks::TaskGroup;
use tokio::sync::Notify;
use types::{Actor, ActorKind, Clock, Error, Id, Result, Scope, Time, Trace, WorkspaceId};

/// What a job of these tests is told to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) name: String,
}

/// What the jobs of one test share.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) starts: Mutex<Vec<String>>,
    pub(crate) refused: AtomicUsize,
    pub(crate) wait: Notify,
    pub(crate) let_go: AtomicBool,
}

pub(crate) type Context = Arc<Seen>;

const SHORT: Retry = Retry { most: 3, first: Duration::from_millis(20), ceiling: Duration::from_millis(100) };

/// Writes its name as its effect.
pub(crate) static NOTE: Kind<Work> =
    Kind { retry: SHORT, ..Kind::new("test.note", |job, work| Box::pin(note(job, work))) };
/// One at a time.
pub(crate) static ONE: Kind<Work> = Kind {
    concurrency: 1,
    queue: "narrow",
    retry: SHORT,
    ..Kind::new("test.one", |job, work| Box::pin(note(job, work)))
};
/// Fails as its name says: `always`, `cancels itself`, `hostile`, `never again`, `panic`, `sleep`, or `twice`.
pub(crate) static FAIL: Kind<Work> = Kind {
    retry: SHORT,
    timeout: Duration::from_millis(300),
    ..Kind::new("test.fail", |job, work| Box::pin(fail(job, work)))
};
/// Never waits, until it is let go.
pub(crate) static HOG: Kind<Work> = Kind {
    retry: SHORT,
    timeout: Duration::from_millis(200),
    ..Kind::new("test.hog", |job, work| Box::pin(hog(job, work)))
};
/// Takes memory without end.
pub(crate) static SWELL: Kind<Work> =
    Kind { retry: SHORT, ..Kind::new("test.swell", |job, work| Box::pin(swell(job, work))) };
/// Its first attempt waits to be let go, whatever it is told, and then finishes.
pub(crate) static STALL: Kind<Work> =
    Kind { retry: SHORT, ..Kind::new("test.stall", |job, work| Box::pin(stall(job, work))) };
/// Runs until it is told to stop.
pub(crate) static HEED: Kind<Work> =
    Kind { retry: SHORT, ..Kind::new("test.heed", |job, work| Box::pin(heed(job, work))) };
/// Is told to stop, and ends when it is let go.
pub(crate) static LINGER: Kind<Work> =
    Kind { retry: SHORT, ..Kind::new("test.linger", |job, work| Box::pin(linger(job, work))) };
/// Like `HEED`, two at a time for one workspace.
pub(crate) static BOUND: Kind<Work> = Kind {
    concurrency: 10,
    per_workspace: 2,
    retry: SHORT,
    ..Kind::new("test.bound", |job, work| Box::pin(heed(job, work)))
};
/// Its first attempt has an effect that is refused.
pub(crate) static REFUSED: Kind<Work> =
    Kind { retry: SHORT, ..Kind::new("test.refused", |job, work| Box::pin(refused(job, work))) };

fn begun(job: &Job, work: &Work) -> Result<Context> {
    let seen = job.context::<Context>()?.clone();
    seen.starts.lock().push(work.name.clone());
    Ok(seen)
}

async fn finish(job: &Job, work: Work) -> Result<Finished> {
    job.finish((work.name, job.attempt()), |tx, scope, (name, attempt)| {
        Box::pin(async move {
            let sql = "INSERT INTO notes (workspace, name, attempt) VALUES ($1, $2, $3)";
            tx.execute(sql, params![scope.workspace(), name, *attempt]).await?;
            Ok(serde_json::json!({"noted": name}))
        })
    })
    .await
}

async fn note(job: Job, work: Work) -> Result<Finished> {
    begun(&job, &work)?;
    finish(&job, work).await
}

async fn fail(job: Job, work: Work) -> Result<Finished> {
    begun(&job, &work)?;
    match work.name.as_str() {
        "panic" => panic!("on purpose"),
        "sleep" => std::future::pending().await,
        "cancels itself" => {
            let cancel = job.db().write((job.scope()?.clone(), job.id()), |tx, (scope, id)| {
                Box::pin(queue::cancel(tx, scope, *id))
            });
            cancel.await?;
            Err(Error::unavailable("busy", "Not now."))
        }
        "hostile" => Err(Error::unavailable("odd", format!("What they said:\0{}", "x".repeat(100_000)))),
        "never again" => Err(queue::not_again(Error::invalid("wrong", "It is wrong."))),
        "twice" if job.attempt() > 2 => finish(&job, work).await,
        _ => Err(Error::unavailable("busy", "Not now.")),
    }
}

async fn hog(job: Job, work: Work) -> Result<Finished> {
    let seen = begun(&job, &work)?;
    while !seen.let_go.load(Ordering::SeqCst) {
        std::hint::spin_loop();
    }
    finish(&job, work).await
}

async fn swell(job: Job, work: Work) -> Result<Finished> {
    begun(&job, &work)?;
    let mut all = Vec::new();
    while !job.should_stop() {
        all.push(vec![u8::try_from(all.len() % 200).unwrap_or(0) + 1; 4 << 20]);
        tokio::task::yield_now().await;
    }
    Err(Error::unavailable("stopped", format!("It was told to stop at {}.", all.len())))
}

async fn stall(job: Job, work: Work) -> Result<Finished> {
    let seen = begun(&job, &work)?;
    if job.attempt() > 1 {
        return finish(&job, work).await;
    }
    // A task of its own: a process that was taken for dead cannot be cut off either.
    let late = tokio::spawn(async move {
        seen.wait.notified().await;
        let finished = finish(&job, work).await;
        if finished.as_ref().is_err_and(|error| error.code() == "job_taken_back") {
            seen.refused.fetch_add(1, Ordering::SeqCst);
        }
        finished
    });
    late.await.map_err(Error::internal)?
}

async fn heed(job: Job, work: Work) -> Result<Finished> {
    begun(&job, &work)?;
    job.log("begun").await?;
    job.progress(1, 2).await?;
    job.stopped().await;
    Err(Error::unavailable("stopped", "It was told to stop."))
}

async fn linger(job: Job, work: Work) -> Result<Finished> {
    let seen = begun(&job, &work)?;
    job.stopped().await;
    seen.starts.lock().push("stopping".to_owned());
    seen.wait.notified().await;
    Err(Error::unavailable("stopped", "It was told to stop."))
}

async fn refused(job: Job, work: Work) -> Result<Finished> {
    begun(&job, &work)?;
    job.finish((work.name, job.attempt()), |tx, scope, (name, attempt)| {
        Box::pin(async move {
            let sql = "INSERT INTO notes (workspace, name, attempt) VALUES ($1, $2, $3)";
            tx.execute(sql, params![scope.workspace(), name, *attempt]).await?;
            if *attempt == 1 { Err(Error::unavailable("busy", "Not now.")) } else { Ok(()) }
        })
    })
    .await
}

/// Everything short, so that tests are.
pub(crate) const QUICK: Options = Options {
    work: true,
    beat: Duration::from_millis(200),
    lease: Duration::from_millis(1500),
    poll: Duration::from_millis(100),
    grace: Duration::from_millis(300),
};

pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    _database: Option<peers::Database>,
    pub(crate) url: String,
    pub(crate) db: Db,
    pub(crate) seen: Context,
}

pub(crate) struct Node {
    pub(crate) tasks: TaskGroup,
    pub(crate) queue: Queue,
}

impl Place {
    pub(crate) async fn on(engine: Engine) -> Self {
        Self::by(engine, Clock::system()).await
    }

    /// By a clock of the test's own.
    pub(crate) async fn by(engine: Engine, clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = (engine == Engine::Postgres).then(|| peers::postgres().fresh_database());
        let url = database.as_ref().map_or("sqlite".to_owned(), |database| database.url.clone());
        let options = db::Options { pool: 8, clock, ..db::Options::new(url.as_str(), folder.path()) };
        let db = Db::open(options).await.unwrap();
        db.migrate(&[journal::MIGRATIONS, queue::MIGRATIONS]).await.unwrap();
        let notes = if engine == Engine::Postgres { "BYTEA" } else { "BLOB" };
        let sql = format!(
            "CREATE TABLE notes (workspace {notes} NOT NULL, name TEXT NOT NULL, attempt BIGINT NOT NULL)"
        );
        db.write(sql, |tx, sql| Box::pin(async move { Ok(tx.execute(sql, params![]).await?) }))
            .await
            .unwrap();
        Self { folder, _database: database, url, db, seen: Context::default() }
    }

    pub(crate) async fn node(&self, options: Options) -> Node {
        Node::on(&self.db, &self.seen, options).await
    }

    pub(crate) async fn enqueue(&self, scope: &Scope, job: NewJob) -> JobId {
        let asked = self
            .db
            .write((scope.clone(), job), |tx, (scope, job)| Box::pin(queue::enqueue(tx, scope, job.clone())));
        asked.await.unwrap()
    }

    pub(crate) async fn enqueue_many(&self, scope: &Scope, jobs: Vec<NewJob>) {
        let asked = self.db.write((scope.clone(), jobs), |tx, (scope, jobs)| {
            Box::pin(async move {
                for job in jobs {
                    queue::enqueue(tx, scope, job.clone()).await?;
                }
                Ok(())
            })
        });
        asked.await.unwrap();
    }

    pub(crate) async fn get(&self, scope: &Scope, id: JobId) -> JobRow {
        let row = self.db.read((scope.clone(), id), |rx, (scope, id)| Box::pin(queue::get(rx, scope, *id)));
        row.await.unwrap().expect("the job is there")
    }

    /// The job, once it stands like this.
    pub(crate) async fn until(&self, scope: &Scope, id: JobId, state: State) -> JobRow {
        for _ in 0..400 {
            let job = self.get(scope, id).await;
            if job.state == state {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("never {state:?}: {:?}", self.get(scope, id).await);
    }

    /// The words of the job's own log.
    pub(crate) async fn log(&self, scope: &Scope, id: JobId) -> Vec<&'static str> {
        let lines = self
            .db
            .read((scope.clone(), id), |rx, (scope, id)| Box::pin(queue::lines(rx, scope, *id, 0, 100)));
        let lines: Vec<JobLine> = lines.await.unwrap();
        assert!(lines.iter().enumerate().all(|(at, line)| line.number == i64::try_from(at).unwrap() + 1));
        lines.iter().map(|line| line.kind.as_str()).collect()
    }

    /// What the journal was told.
    pub(crate) async fn told(&self, id: JobId) -> Vec<String> {
        let sql = "SELECT kind FROM events WHERE subject = $1 ORDER BY epoch, tx, seq";
        let rows = self.db.read(id.to_string(), move |rx, id| {
            Box::pin(async move { Ok(rx.rows(sql, params![id]).await?) })
        });
        rows.await.unwrap().into_iter().map(|mut row| row.take("kind").unwrap()).collect()
    }

    pub(crate) async fn notes(&self) -> Vec<String> {
        let sql = "SELECT name FROM notes ORDER BY name";
        let rows =
            self.db.read((), move |rx, ()| Box::pin(async move { Ok(rx.rows(sql, params![]).await?) }));
        rows.await.unwrap().into_iter().map(|mut row| row.take("name").unwrap()).collect()
    }

    pub(crate) async fn until_notes(&self, count: usize) -> Vec<String> {
        for _ in 0..1200 {
            let notes = self.notes().await;
            if notes.len() >= count {
                return notes;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} notes were never there, only {}", self.notes().await.len());
    }

    pub(crate) async fn until_begun(&self, count: usize) {
        for _ in 0..400 {
            if self.seen.starts.lock().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} starts were never seen");
    }
}

impl Node {
    pub(crate) async fn on(db: &Db, seen: &Context, options: Options) -> Self {
        let kinds = [&NOTE, &ONE, &FAIL, &STALL, &HEED, &LINGER, &BOUND, &REFUSED, &HOG, &SWELL]
            .map(Kind::registered)
            .to_vec();
        let tasks = TaskGroup::new();
        let queue = Queue::start(db, &tasks, kinds, seen.clone(), options).await.unwrap();
        Self { tasks, queue }
    }

    pub(crate) async fn stop(self) {
        assert_eq!(self.tasks.shutdown(Duration::from_secs(10)).await, Vec::<&str>::new());
    }
}

pub(crate) fn workspace() -> Scope {
    let actor =
        Actor { kind: ActorKind::Person, id: Some("per_x".into()), label: "owner@example.test".into() };
    let now = Time::from_millis(1_780_000_000_000);
    Scope::of_request(WorkspaceId(Id::at(now)), actor, Trace::default())
}

pub(crate) fn job(kind: &Kind<Work>, name: &str) -> NewJob {
    NewJob::new(kind, &Work { name: name.into() }).unwrap()
}

/// A test on both engines.
#[macro_export]
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident) $body:block)+) => { $(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn run($place: Place) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(Place::on(db::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(Place::on(db::Engine::Postgres).await).await;
            }
        }
    )+ };
}
