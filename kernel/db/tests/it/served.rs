//! What only PostgreSQL does: lost connections, old plans, other nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use db::{Db, Engine, Error, Options, params};
use peers::{Proxy, When, postgres};
use types::Kind;

use crate::place::{Place, begin, cause, ids, note, notes, run};

/// A database behind a proxy, and the same one without.
async fn behind() -> (Place, Proxy, Db, Db) {
    let place = Place::on(Engine::Postgres);
    let proxy = Proxy::to(postgres().port());
    let url =
        place.options().url.replace(&format!(":{}/", postgres().port()), &format!(":{}/", proxy.port()));
    let db = Db::open(Options { url, pool: 2, ..place.options() }).await.unwrap();
    let direct = place.open().await;
    notes(&direct).await;
    (place, proxy, db, direct)
}

/// Ends every other session on the same database.
async fn end_sessions(db: &Db) {
    db.read((), |rx, ()| {
        Box::pin(async move {
            const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                               WHERE datname = current_database() AND pid <> pg_backend_pid()";
            Ok(rx.rows(END, params![]).await?.len())
        })
    })
    .await
    .unwrap();
}

async fn sessions_in_transaction(db: &Db) -> i64 {
    db.read((), |rx, ()| {
        Box::pin(async move {
            const OPEN: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                                AND state LIKE 'idle in transaction%'";
            Ok(rx.row(OPEN, params![]).await?.unwrap().take(0)?)
        })
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_connection_cut_during_commit_is_reported_as_unknown() {
    for (when, there) in [(When::Before, vec![2]), (When::Answered, vec![1, 2])] {
        let (_place, proxy, db, direct) = behind().await;
        proxy.on(b"COMMIT", when);
        let error = note(&db, 1).await.unwrap_err();
        assert_eq!(proxy.fired(), 1);
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "outcome_unknown"));
        assert!(matches!(cause(&error), Error::OutcomeUnknown));
        // The pool is whole, and nothing was done twice.
        note(&db, 2).await.unwrap();
        assert_eq!(ids(&direct).await, there);
    }
}

#[tokio::test]
async fn a_connection_cut_before_commit_costs_nothing() {
    for when in [When::Before, When::Answered] {
        let (_place, proxy, db, direct) = behind().await;
        proxy.on(b"INSERT INTO notes", when);
        note(&db, 1).await.unwrap();
        assert_eq!(proxy.fired(), 1);
        assert_eq!(ids(&direct).await, [1]);
    }
}

#[tokio::test]
async fn a_connection_cut_while_it_is_made_is_made_again() {
    let (_place, proxy, db, direct) = behind().await;
    let cuts = [
        ("user", When::Before),
        ("user", When::Answered),
        ("SET statement_timeout", When::Before),
        ("SET statement_timeout", When::Answered),
    ];
    for (id, (word, when)) in (1..).zip(cuts) {
        let before = proxy.fired();
        proxy.cut();
        proxy.on(word.as_bytes(), when);
        note(&db, id).await.unwrap();
        assert_eq!(proxy.fired(), before + 1, "{word} {when:?}");
    }
    assert_eq!(ids(&direct).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_read_runs_again_on_a_fresh_connection() {
    let (_place, proxy, db, direct) = behind().await;
    note(&direct, 1).await.unwrap();
    proxy.on(b"SELECT id FROM notes", When::Before);
    assert_eq!(ids(&db).await, [1]);
    assert_eq!(proxy.fired(), 1);
}

#[tokio::test]
async fn a_server_that_answers_nothing_costs_no_more_than_the_deadline() {
    let (place, proxy, _db, direct) = behind().await;
    let url =
        place.options().url.replace(&format!(":{}/", postgres().port()), &format!(":{}/", proxy.port()));
    let hurried = Options { url, pool: 2, deadline: Duration::from_millis(300), ..place.options() };
    let db = Db::open(hurried).await.unwrap();
    note(&db, 1).await.unwrap();
    for (id, word, code) in [(2, "INSERT INTO notes", "deadline"), (3, "COMMIT", "outcome_unknown")] {
        // A statement that is prepared already is not named again, so the first round wants a fresh connection.
        if id == 2 {
            end_sessions(&direct).await;
        }
        proxy.on(word.as_bytes(), When::Hang);
        let error = note(&db, id).await.unwrap_err();
        assert_eq!(error.code(), code);
    }
    note(&db, 4).await.unwrap();
    assert_eq!(ids(&direct).await, [1, 4]);
}

#[tokio::test]
async fn a_session_that_is_ended_costs_nothing() {
    let place = Place::on(Engine::Postgres);
    let db = place.open().await;
    notes(&db).await;
    let runs = Arc::new(AtomicU32::new(0));
    db.write(Arc::clone(&runs), |tx, runs| {
        Box::pin(async move {
            tx.execute("INSERT INTO notes (id) VALUES (1)", params![]).await?;
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                tx.rows("SELECT pg_terminate_backend(pg_backend_pid())", params![]).await?;
            }
            Ok(())
        })
    })
    .await
    .unwrap();
    assert_eq!((runs.load(Ordering::SeqCst), ids(&db).await), (2, vec![1]));
}

#[tokio::test]
async fn a_restart_of_the_sessions_disturbs_nobody_for_long() {
    let place = Place::on(Engine::Postgres);
    let db = place.open().await;
    let other = place.open().await;
    notes(&db).await;
    for round in 0..5_i64 {
        let writing: Vec<_> = (0..20).map(|id| tokio::spawn(note(&db, round * 20 + id))).collect();
        end_sessions(&other).await;
        for written in writing {
            if let Err(error) = written.await.unwrap() {
                assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
            }
        }
        note(&db, 1000 + round).await.unwrap();
    }
    assert_eq!(sessions_in_transaction(&db).await, 0);
}

#[tokio::test]
async fn a_plan_that_a_changed_table_made_stale_is_made_anew() {
    let place = Place::on(Engine::Postgres);
    let db = Db::open(Options { pool: 2, ..place.options() }).await.unwrap();
    let other = place.open().await;
    notes(&db).await;
    note(&db, 1).await.unwrap();
    let changes: [&'static [&'static str]; 2] =
        [&["ALTER TABLE notes ADD COLUMN more BIGINT"], &["ALTER TABLE notes ALTER COLUMN more TYPE TEXT"]];
    for change in changes {
        for _ in 0..2 {
            let read = db.read((), |rx, ()| {
                Box::pin(async move { Ok(rx.rows("SELECT * FROM notes", params![]).await?.len()) })
            });
            assert_eq!(read.await.unwrap(), 1);
            let write = db.write((), |tx, ()| {
                Box::pin(async move {
                    tx.execute("UPDATE notes SET body = 'y'", params![]).await?;
                    let also = tx.rows("SELECT *, 1 AS one FROM notes", params![]).await?.len();
                    Ok(also + tx.rows("SELECT * FROM notes", params![]).await?.len())
                })
            });
            assert_eq!(write.await.unwrap(), 2);
        }
        run(&other, change).await;
    }
    assert_eq!(ids(&db).await, [1]);
}

#[tokio::test]
async fn no_transaction_stays_open_whatever_a_unit_does() {
    let place = Place::on(Engine::Postgres);
    let db =
        Db::open(Options { pool: 4, deadline: Duration::from_millis(500), ..place.options() }).await.unwrap();
    notes(&db).await;
    let panics = db.write((), |tx, ()| {
        Box::pin(async move {
            tx.execute("INSERT INTO notes (id) VALUES (1)", params![]).await?;
            assert!(tx.now().as_millis() == 0, "on purpose");
            Ok(())
        })
    });
    assert!(matches!(cause(&panics.await.unwrap_err()), Error::Panicked(_)));
    let waits = db.write((), |tx, ()| {
        Box::pin(async move {
            tx.execute("INSERT INTO notes (id) VALUES (1)", params![]).await?;
            std::future::pending::<types::Result<()>>().await
        })
    });
    assert_eq!(waits.await.unwrap_err().code(), "deadline");
    let half = db.write((), |tx, ()| {
        Box::pin(async move {
            // A statement that is begun and dropped: nobody knows what it did.
            let slow = tx.execute("INSERT INTO notes (id) SELECT 2 FROM pg_sleep(0.2)", params![]);
            let _ = tokio::time::timeout(Duration::from_millis(20), slow).await;
            Ok(())
        })
    });
    assert!(matches!(cause(&half.await.unwrap_err()), Error::NotReady));
    let reads = begin(db.snapshot((), |rx, ()| {
        Box::pin(async move { Ok(rx.rows("SELECT pg_sleep(0.3)", params![]).await?.len()) })
    }))
    .await;
    reads.abort();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(sessions_in_transaction(&db).await, 0);
    note(&db, 3).await.unwrap();
    assert_eq!(ids(&db).await, [3]);
}

#[tokio::test]
async fn relaxed_claims_share_the_work() {
    let place = Place::on(Engine::Postgres);
    let db = place.open().await;
    notes(&db).await;
    run(&db, &["INSERT INTO notes (id) SELECT generate_series(1, 40)"]).await;
    let claims = (0..8).map(|_| {
        tokio::spawn(db.write_relaxed((), |tx, ()| {
            Box::pin(async move {
                const CLAIM: &str = "DELETE FROM notes WHERE id IN \
                     (SELECT id FROM notes ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED) RETURNING id";
                let claimed = tx.rows(CLAIM, params![]).await?.len();
                tx.rows("SELECT pg_sleep(0.02)", params![]).await?;
                Ok(claimed)
            })
        }))
    });
    let claimed: usize =
        futures_util::future::join_all(claims).await.into_iter().map(|n| n.unwrap().unwrap()).sum();
    assert_eq!((claimed, ids(&db).await.len()), (40, 0));
}

#[tokio::test]
async fn one_node_hears_another_also_after_its_connection_was_lost() {
    let place = Place::on(Engine::Postgres);
    let (here, there) = (place.open().await, place.open().await);
    let mut heard = here.listen("journal");
    let patience = Duration::from_secs(5);
    // Once when it listens, once when it is told.
    tokio::time::timeout(patience, heard.changed()).await.unwrap().unwrap();
    heard.mark_unchanged();
    there.notify("journal").await.unwrap();
    tokio::time::timeout(patience, heard.changed()).await.unwrap().unwrap();
    heard.mark_unchanged();
    there.notify("another").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!heard.has_changed().unwrap());
    end_sessions(&there).await;
    tokio::time::timeout(patience, heard.changed()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(Options::new("postgres://postgres@127.0.0.1:1/nothing", folder.path())).await.unwrap();
    for error in [db.check().await.unwrap_err(), note(&db, 1).await.unwrap_err()] {
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "database_unavailable"));
    }
}

#[tokio::test]
async fn tls_that_is_asked_for_is_not_done_without() {
    let place = Place::on(Engine::Postgres);
    let options = place.options();
    // This server has no TLS; a machine without certificates refuses earlier still.
    let Ok(db) = Db::open(Options { url: format!("{}?sslmode=require", options.url), ..options }).await
    else {
        return;
    };
    assert_eq!(db.check().await.unwrap_err().code(), "database_unavailable");
}
