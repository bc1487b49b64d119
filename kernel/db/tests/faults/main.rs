//! Plants each fault and shows that what it breaks can be seen to be broken. One test, because the switches are the process's.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use db::faults::{Fault, set};
use db::{Db, Options, params};
use types::Result;

fn count(db: &Db) -> impl Future<Output = Result<usize>> + Send + 'static {
    db.read((), |rx, ()| Box::pin(async move { Ok(rx.rows("SELECT id FROM notes", params![]).await?.len()) }))
}

async fn write(db: &Db, statement: &'static str) {
    db.write((), move |tx, ()| Box::pin(async move { Ok(tx.execute(statement, params![]).await?) }))
        .await
        .unwrap();
}

/// Whether what was acknowledged is there.
async fn acknowledged_is_there(db: &Db) -> bool {
    let before = count(db).await.unwrap();
    write(db, "INSERT INTO notes (id) SELECT count(*) FROM notes").await;
    let there = count(db).await.unwrap() == before + 1;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(count(db).await.unwrap(), before + 1);
    there
}

/// Whether a unit that failed left nothing.
async fn failed_is_gone(db: &Db) -> bool {
    let before = count(db).await.unwrap();
    let failing = db.write((), |tx, ()| {
        Box::pin(async move {
            tx.execute("INSERT INTO notes (id) SELECT count(*) FROM notes", params![]).await?;
            Err::<(), _>(types::Error::conflict("mine", "No."))
        })
    });
    failing.await.unwrap_err();
    count(db).await.unwrap() == before
}

async fn synchronous(options: Options) -> i64 {
    let db = Db::open(options).await.unwrap();
    db.write((), |tx, ()| {
        Box::pin(async move { Ok(tx.row("PRAGMA synchronous", params![]).await?.unwrap().take::<i64>(0)?) })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_planted_fault_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let database = peers::postgres().fresh_database();
    for url in ["sqlite", &database.url] {
        let db = Db::open(Options::new(url, folder.path())).await.unwrap();
        write(&db, "CREATE TABLE notes (id BIGINT PRIMARY KEY)").await;
        assert!(acknowledged_is_there(&db).await);
        set(Fault::AckBeforeCommit, true);
        assert!(!acknowledged_is_there(&db).await);
        set(Fault::AckBeforeCommit, false);
        assert!(failed_is_gone(&db).await);
        set(Fault::NoSavepoint, true);
        assert!(!failed_is_gone(&db).await);
        set(Fault::NoSavepoint, false);
        db.close().await;
    }
    let options = Options::new("sqlite", folder.path());
    assert_eq!(synchronous(options.clone()).await, 2);
    set(Fault::SynchronousNormal, true);
    assert_eq!(synchronous(options).await, 1);
}
