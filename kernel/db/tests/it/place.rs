//! A database for one test, on the engine that it asks for, and short ways to write into it.

use std::time::Duration;

use db::{Db, Engine, Options, params};
use peers::{Database, postgres};
use types::Result;

pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database: Option<Database>,
}

impl Place {
    pub(crate) fn on(engine: Engine) -> Self {
        let database = (engine == Engine::Postgres).then(|| postgres().fresh_database());
        Self { folder: tempfile::tempdir().unwrap(), database }
    }

    pub(crate) fn options(&self) -> Options {
        let url = self.database.as_ref().map_or("sqlite", |database| &database.url);
        Options::new(url, self.folder.path())
    }

    pub(crate) async fn open(&self) -> Db {
        Db::open(self.options()).await.unwrap()
    }
}

/// The same test on both engines; its argument is a [`Place`].
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn on_one_engine($place: crate::place::Place) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() { on_one_engine(crate::place::Place::on(db::Engine::Sqlite)).await; }
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() { on_one_engine(crate::place::Place::on(db::Engine::Postgres)).await; }
        }
    )*};
}
pub(crate) use both;

/// Runs each statement in one commit.
pub(crate) async fn run(db: &Db, statements: &'static [&'static str]) {
    db.write((), move |tx, ()| {
        Box::pin(async move {
            for statement in statements {
                tx.execute(statement, params![]).await?;
            }
            Ok(())
        })
    })
    .await
    .unwrap();
}

pub(crate) async fn notes(db: &Db) {
    run(db, &["CREATE TABLE notes (id BIGINT PRIMARY KEY, body TEXT)"]).await;
}

pub(crate) fn note(db: &Db, id: i64) -> impl Future<Output = Result<u64>> + Send + 'static {
    db.write(id, |tx, id| {
        Box::pin(async move {
            Ok(tx.execute("INSERT INTO notes (id, body) VALUES ($1, 'x')", params![*id]).await?)
        })
    })
}

pub(crate) async fn ids(db: &Db) -> Vec<i64> {
    db.read((), |rx, ()| {
        Box::pin(async move {
            let rows = rx.rows("SELECT id FROM notes ORDER BY id", params![]).await?;
            Ok(rows.into_iter().map(|mut row| row.take("id")).collect::<Result<Vec<i64>, _>>()?)
        })
    })
    .await
    .unwrap()
}

/// Keeps whatever writes busy for a while: the thread of SQLite, the connection of PostgreSQL.
pub(crate) fn busy(db: &Db, ms: u64) -> impl Future<Output = Result<()>> + Send + 'static {
    db.write(ms, |tx, ms| {
        Box::pin(async move {
            match tx.engine() {
                Engine::Sqlite => std::thread::sleep(Duration::from_millis(*ms)),
                Engine::Postgres => {
                    #[allow(clippy::cast_precision_loss)]
                    let seconds = *ms as f64 / 1000.0;
                    tx.rows("SELECT pg_sleep($1)", params![seconds]).await?;
                }
            }
            Ok(())
        })
    })
}

/// Holds the table on PostgreSQL, through another pool, so that whoever writes into it waits.
pub(crate) fn locked(db: &Db) -> impl Future<Output = Result<()>> + Send + 'static {
    db.write((), |tx, ()| {
        Box::pin(async move {
            tx.execute("LOCK TABLE notes IN EXCLUSIVE MODE", params![]).await?;
            tx.rows("SELECT pg_sleep(0.4)", params![]).await?;
            Ok(())
        })
    })
}

pub(crate) fn cause(error: &types::Error) -> &db::Error {
    error.cause::<db::Error>().unwrap_or_else(|| panic!("not from the database: {error:?}"))
}

/// Starts it, and gives it a moment to get where it waits.
pub(crate) async fn begin<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    let handle = tokio::spawn(work);
    tokio::time::sleep(Duration::from_millis(50)).await;
    handle
}
