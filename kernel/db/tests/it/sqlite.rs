//! What only SQLite does: groups, and what takes a group with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use db::{Db, Engine, Error, Options, params};
use futures_util::future::join_all;
use types::{Kind, Result};

use crate::place::{Place, begin, busy, cause, ids, note, notes, run};

/// Holds the writer until all are waiting, so that they are one group.
async fn grouped<T>(db: &Db, units: Vec<impl Future<Output = T>>) -> Vec<T> {
    let blocked = begin(busy(db, 200)).await;
    let outcomes = join_all(units).await;
    blocked.await.unwrap().unwrap();
    outcomes
}

fn blob(db: &Db, id: i64, bytes: usize) -> impl Future<Output = Result<u64>> + Send + 'static {
    db.write((id, "x".repeat(bytes)), |tx, (id, body)| {
        Box::pin(
            async move { Ok(tx.execute("INSERT INTO notes VALUES ($1, $2)", params![*id, body]).await?) },
        )
    })
}

#[tokio::test]
async fn a_full_disk_in_the_middle_of_a_group_fails_only_the_guilty() {
    let place = Place::on(Engine::Sqlite);
    let db = place.open().await;
    notes(&db).await;
    // Also as many pages as one unit has room for and three have not.
    for (large, guilty) in [(8_000_000, true), (40_000, false)] {
        db.write((), |tx, ()| {
            Box::pin(async move {
                let pages: i64 = tx.row("PRAGMA page_count", params![]).await?.unwrap().take(0)?;
                tx.rows(&format!("PRAGMA max_page_count = {}", pages + 20), params![]).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
        let first = ids(&db).await.last().map_or(0, |id| id + 1);
        let sizes = [10, large, 10, 10];
        let units = (first..).zip(sizes).map(|(id, bytes)| blob(&db, id, bytes)).collect();
        let outcomes = grouped(&db, units).await;
        assert!([0, 2, 3].iter().all(|at| outcomes[*at].is_ok()), "{outcomes:?}");
        match &outcomes[1] {
            Ok(_) => assert!(!guilty),
            Err(error) => {
                assert!(guilty);
                assert_eq!((error.kind(), error.code()), (Kind::NoSpace, "no_space"));
            }
        }
    }
    assert_eq!(ids(&db).await, [0, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_commit_that_fails_fails_only_the_guilty() {
    let place = Place::on(Engine::Sqlite);
    let db = place.open().await;
    notes(&db).await;
    run(&db, &["CREATE TABLE links (id BIGINT PRIMARY KEY, note BIGINT REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)"])
        .await;
    let link = |id: i64, note: i64| {
        db.write((id, note), |tx, (id, note)| {
            Box::pin(async move {
                if tx.row("SELECT 1 FROM links WHERE note = $1", params![*note]).await?.is_some() {
                    return Err(types::Error::conflict("taken", "There is one already."));
                }
                Ok(tx.execute("INSERT INTO links VALUES ($1, $2)", params![*id, *note]).await?)
            })
        })
    };
    note(&db, 1).await.unwrap();
    // The second points at nothing, which only the commit finds out. The third saw the second's row and was refused
    // for it; that refusal must not be told once the row turns out never to have been.
    let outcomes = grouped(&db, vec![link(1, 1), link(2, 99), link(3, 99), link(4, 1)]).await;
    let codes: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().map_or_else(types::Error::code, |_| "done")).collect();
    assert_eq!(codes, ["done", "reference_violated", "reference_violated", "taken"]);
}

#[tokio::test]
async fn a_group_keeps_the_order_of_arrival() {
    let place = Place::on(Engine::Sqlite);
    let db = Db::open(Options { group: 8, ..place.options() }).await.unwrap();
    run(&db, &["CREATE TABLE arrivals (at INTEGER PRIMARY KEY, unit BIGINT)"]).await;
    let units = (0..40_i64).map(|unit| {
        db.write(unit, |tx, unit| {
            Box::pin(async move {
                Ok(tx.execute("INSERT INTO arrivals (unit) VALUES ($1)", params![*unit]).await?)
            })
        })
    });
    let mut commits = db.commits();
    let before = *commits.borrow_and_update();
    grouped(&db, units.collect()).await.into_iter().for_each(|outcome| assert_eq!(outcome.unwrap(), 1));
    // The blocker, then five groups of eight.
    assert_eq!(*commits.borrow_and_update() - before, 6);
    let order = db
        .read((), |rx, ()| {
            Box::pin(async move {
                let rows = rx.rows("SELECT unit FROM arrivals ORDER BY at", params![]).await?;
                Ok(rows.into_iter().map(|mut row| row.take(0)).collect::<Result<Vec<i64>, _>>()?)
            })
        })
        .await
        .unwrap();
    assert_eq!(order, (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_failed_is_undone_and_what_stood_beside_it_stays_however_often_it_ran() {
    let place = Place::on(Engine::Sqlite);
    let db = place.open().await;
    notes(&db).await;
    let ran = Arc::new(AtomicU64::new(0));
    let unit = |id: i64, changes: bool, fails: bool| {
        let ran = Arc::clone(&ran);
        db.write((), move |tx, ()| {
            ran.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                if changes {
                    // Also a statement that changes something and gives rows.
                    tx.rows("INSERT INTO notes (id) VALUES ($1) RETURNING id", params![id]).await?;
                }
                if fails { Err(types::Error::not_found()) } else { Ok(()) }
            })
        })
    };
    // Who failed before he changed anything costs the others nothing; who is to be undone has them all run again, and from
    // then on each has its own way back.
    let groups = [([true, false, true], 3), ([true, true, true], 5), ([true, true, true], 3)];
    for (first, (changes, runs)) in (0_i64..).step_by(3).zip(groups) {
        ran.store(0, Ordering::SeqCst);
        let fails = [false, true, false];
        let units = (first..)
            .zip(changes.into_iter().zip(fails))
            .map(|(id, (changes, fails))| unit(id, changes, fails));
        let outcomes = grouped(&db, units.collect()).await;
        assert_eq!(outcomes.iter().map(Result::is_err).collect::<Vec<_>>(), fails);
        assert_eq!(ran.load(Ordering::SeqCst), runs);
    }
    assert_eq!(ids(&db).await, [0, 2, 3, 5, 6, 8]);
}

#[tokio::test]
async fn a_unit_that_waits_for_something_else_fails_alone() {
    let place = Place::on(Engine::Sqlite);
    let db = place.open().await;
    notes(&db).await;
    let waiting = db.write(0_i64, |tx, id| {
        Box::pin(async move {
            tx.execute("INSERT INTO notes (id) VALUES ($1)", params![*id]).await?;
            std::future::pending::<()>().await;
            Ok(1)
        })
    });
    let units: Vec<futures_util::future::BoxFuture<'_, Result<u64>>> =
        vec![Box::pin(note(&db, 1)), Box::pin(waiting), Box::pin(note(&db, 2))];
    let outcomes = grouped(&db, units).await;
    assert!(matches!(cause(outcomes[1].as_ref().unwrap_err()), Error::NotReady), "{outcomes:?}");
    assert_eq!(ids(&db).await, [1, 2]);
    let reading = db.get((), |_, ()| Box::pin(std::future::pending::<Result<()>>()));
    assert!(matches!(cause(&reading.await.unwrap_err()), Error::NotReady));
}

#[tokio::test]
async fn a_commit_waits_for_the_disk() {
    let place = Place::on(Engine::Sqlite);
    let asked = async |db: &Db| {
        db.write((), |tx, ()| {
            Box::pin(async move {
                let mut found = Vec::new();
                for pragma in ["synchronous", "foreign_keys", "journal_mode"] {
                    let mut row = tx.row(&format!("PRAGMA {pragma}"), params![]).await?.unwrap();
                    found.push(row.take::<db::Scalar>(0)?);
                }
                Ok(found)
            })
        })
        .await
        .unwrap()
    };
    let full = [db::Scalar::Int(2), db::Scalar::Int(1), db::Scalar::from("wal")];
    assert_eq!(asked(&place.open().await).await, full);
    let normal = Options { synchronous: db::Synchronous::Normal, ..place.options() };
    assert_eq!(asked(&Db::open(normal).await.unwrap()).await[0], db::Scalar::Int(1));
}

#[tokio::test]
async fn a_read_without_end_is_stopped_at_its_deadline() {
    const ENDLESS: &str =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let place = Place::on(Engine::Sqlite);
    let db = Db::open(Options { readers: 1, deadline: Duration::from_millis(200), ..place.options() })
        .await
        .unwrap();
    notes(&db).await;
    for _ in 0..2 {
        let error =
            db.read((), |rx, ()| Box::pin(async move { Ok(rx.rows(ENDLESS, params![]).await?.len()) })).await;
        assert_eq!(error.unwrap_err().code(), "deadline");
    }
    // The only reader thread is free again.
    assert_eq!(ids(&db).await, [0_i64; 0]);
}

#[tokio::test]
async fn a_closed_database_is_one_file() {
    let place = Place::on(Engine::Sqlite);
    let db = place.open().await;
    notes(&db).await;
    note(&db, 1).await.unwrap();
    db.close().await;
    let files: Vec<_> =
        std::fs::read_dir(place.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["mainstay.db"]);
    assert_eq!(ids(&place.open().await).await, [1]);
}
