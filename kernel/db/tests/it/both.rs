//! What holds on both engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use db::{Db, Engine, Error, Options, Scalar, params};
use futures_util::future::join_all;
use types::{Kind, Result};

use crate::place::{begin, both, busy, cause, ids, locked, note, notes, run};

both! {
    async fn values_come_back_as_they_went_in(place) {
        let db = place.open().await;
        let text = db::Migrations { system: "t", steps: &[db::Migration {
            name: "0001_values",
            sqlite: "CREATE TABLE kept (a BIGINT, b REAL, c TEXT, d BLOB, e BIGINT);",
            postgres: "CREATE TABLE kept (a BIGINT, b REAL, c TEXT, d BLOB, e BIGINT);",
        }] };
        db.migrate(&[text]).await.unwrap();
        let values = [Scalar::Int(i64::MIN), Scalar::Real(0.1), Scalar::from("Zürich"), Scalar::Bytes(vec![0, 255]), Scalar::Null];
        let written = values.clone();
        db.write(written, |tx, values| Box::pin(async move {
            Ok(tx.execute("INSERT INTO kept (a, b, c, d, e) VALUES ($1, $2, $3, $4, $5)", values).await?)
        })).await.unwrap();
        let found = db.get((), |rx, ()| Box::pin(async move {
            let mut row = rx.row("SELECT * FROM kept", params![]).await?.unwrap();
            Ok((0..5).map(|at| row.take::<Scalar>(at)).collect::<Result<Vec<_>, _>>()?)
        })).await.unwrap();
        assert_eq!(found, values);
    }

    async fn ten_is_not_one(place) {
        let db = place.open().await;
        run(&db, &["CREATE TABLE wide (a BIGINT, b BIGINT, c BIGINT, d BIGINT, e BIGINT, f BIGINT, g BIGINT, h BIGINT, i BIGINT, j BIGINT)"]).await;
        let found: (i64, i64, i64) = db.write((), |tx, ()| Box::pin(async move {
            let all: Vec<Scalar> = (1..=10).map(Scalar::Int).collect();
            tx.execute("INSERT INTO wide (j, i, h, g, f, e, d, c, b, a) VALUES ($10, $9, $8, $7, $6, $5, $4, $3, $2, $1)", &all).await?;
            let mut row = tx.row("SELECT a, b, j FROM wide WHERE j = $2 AND a = $1", params![1_i64, 10_i64]).await?.unwrap();
            Ok((row.take("a")?, row.take("b")?, row.take("j")?))
        })).await.unwrap();
        assert_eq!(found, (1, 2, 10));
    }

    async fn a_unit_that_panics_costs_only_itself(place) {
        let db = place.open().await;
        notes(&db).await;
        let blocked = begin(busy(&db, 200)).await;
        let units = (0..20_i64).map(|id| db.write(id, |tx, id| Box::pin(async move {
            tx.execute("INSERT INTO notes (id) VALUES ($1)", params![*id]).await?;
            assert!(*id != 7, "on purpose");
            Ok(*id)
        })));
        let outcomes = join_all(units).await;
        blocked.await.unwrap().unwrap();
        for (id, outcome) in outcomes.iter().enumerate() {
            match outcome {
                Ok(_) => assert_ne!(id, 7),
                Err(error) => {
                    assert_eq!((id, error.kind()), (7, Kind::Internal));
                    assert!(matches!(cause(error), Error::Panicked(text) if text.contains("on purpose")), "{error:?}");
                }
            }
        }
        assert_eq!(ids(&db).await, (0..20).filter(|id| *id != 7).collect::<Vec<_>>());
    }

    async fn a_caller_that_hangs_up_leaves_nothing_behind(place) {
        let db = Db::open(Options { pool: 2, ..place.options() }).await.unwrap();
        notes(&db).await;
        let blocked = begin(busy(&db, 200)).await;
        let (first, second) = (begin(note(&db, 1)).await, begin(note(&db, 2)).await);
        first.abort();
        second.abort();
        blocked.await.unwrap().unwrap();
        for id in 3..20 {
            note(&db, id).await.unwrap();
        }
        // What was handed over before the caller left is done.
        assert_eq!(ids(&db).await, (1..20).collect::<Vec<_>>());
    }

    async fn sixty_four_at_once_count_exactly(place) {
        let db = place.open().await;
        run(&db, &["CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)", "INSERT INTO counters VALUES (1, 0)"]).await;
        let units = (0..64).map(|_| tokio::spawn(db.write((), |tx, ()| Box::pin(async move {
            // The unit makes of the conflict what it likes; the commit knows it all the same.
            let swallowed = |_| types::Error::conflict("mine", "as the closure has it");
            let mut row = tx.row("SELECT n FROM counters WHERE id = 1", params![]).await.map_err(swallowed)?.unwrap();
            let n: i64 = row.take("n")?;
            tx.execute("UPDATE counters SET n = $1 WHERE id = 1", params![n + 1]).await.map_err(swallowed)?;
            Ok(n)
        }))));
        let mut seen: Vec<i64> = join_all(units).await.into_iter().map(|n| n.unwrap().unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..64).collect::<Vec<_>>());
    }

    async fn rules_have_the_same_names(place) {
        let db = place.open().await;
        run(&db, &[
            "CREATE TABLE owners (id BIGINT PRIMARY KEY)",
            "CREATE TABLE things (id BIGINT PRIMARY KEY, owner BIGINT REFERENCES owners (id), slug TEXT NOT NULL, place BIGINT, \
             size BIGINT, CONSTRAINT things_size CHECK (size > 0), UNIQUE (owner, place))",
            "CREATE UNIQUE INDEX things_slug ON things (slug)",
            "INSERT INTO owners VALUES (1)",
            "INSERT INTO things VALUES (1, 1, 'a', 1, 1)",
        ]).await;
        let refused = async |statement: &'static str| {
            let error = db.write((), move |tx, ()| Box::pin(async move { Ok(tx.execute(statement, params![]).await?) })).await.unwrap_err();
            (error.code(), cause(&error).clone())
        };
        let (code, error) = refused("INSERT INTO things VALUES (2, 1, 'a', 2, 1)").await;
        assert!(code == "already_exists" && error.is_unique_on("things_slug"), "{error:?}");
        let (_, error) = refused("INSERT INTO things VALUES (2, 1, 'b', 1, 1)").await;
        assert!(error.is_unique_on("things_owner_place"), "{error:?}");
        let (_, error) = refused("INSERT INTO things VALUES (1, 1, 'b', 2, 1)").await;
        assert!(error.is_unique_on("things_pkey") && !error.is_unique_on("things_slug"), "{error:?}");
        let (code, error) = refused("INSERT INTO things VALUES (2, 9, 'b', 2, 1)").await;
        assert!(code == "reference_violated" && matches!(error, Error::Reference { .. }), "{error:?}");
        let (code, error) = refused("INSERT INTO things VALUES (2, 1, 'b', 2, 0)").await;
        assert!(code == "rule_violated" && matches!(&error, Error::Check { rule } if rule == "things_size"), "{error:?}");
        let (code, error) = refused("INSERT INTO things VALUES (2, 1, NULL, 2, 1)").await;
        assert!(code == "internal" && matches!(&error, Error::Missing { column } if column == "things.slug"), "{error:?}");
    }

    async fn a_violated_rule_is_not_tried_again(place) {
        let db = place.open().await;
        notes(&db).await;
        note(&db, 1).await.unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let error = db.write(Arc::clone(&runs), |tx, runs| Box::pin(async move {
            runs.fetch_add(1, Ordering::SeqCst);
            Ok(tx.execute("INSERT INTO notes (id) VALUES (1)", params![]).await?)
        })).await.unwrap_err();
        assert_eq!((error.kind(), runs.load(Ordering::SeqCst)), (Kind::Conflict, 1));
    }

    async fn nothing_runs_after_a_statement_that_failed(place) {
        let db = place.open().await;
        notes(&db).await;
        note(&db, 1).await.unwrap();
        let error = db.write((), |tx, ()| Box::pin(async move {
            tx.execute("INSERT INTO notes (id) VALUES (2)", params![]).await?;
            let refused = tx.execute("INSERT INTO notes (id) VALUES (1)", params![]).await.unwrap_err();
            assert!(refused.is_unique_on("notes_pkey"));
            let refused = tx.rows("SELECT 1", params![]).await.unwrap_err();
            assert!(matches!(refused, Error::Aborted));
            Ok(())
        })).await.unwrap_err();
        assert!(matches!(cause(&error), Error::Aborted), "{error:?}");
        assert_eq!(ids(&db).await, [1]);
    }

    async fn a_unit_that_fails_changes_nothing(place) {
        let db = place.open().await;
        notes(&db).await;
        let error = db.write((), |tx, ()| Box::pin(async move {
            tx.execute("INSERT INTO notes (id) VALUES (1)", params![]).await?;
            Err::<(), _>(types::Error::conflict("mine", "No."))
        })).await.unwrap_err();
        assert_eq!(error.code(), "mine");
        assert_eq!(ids(&db).await, [0_i64; 0]);
    }

    async fn a_commit_is_announced(place) {
        let db = place.open().await;
        notes(&db).await;
        let mut commits = db.commits();
        commits.mark_unchanged();
        note(&db, 1).await.unwrap();
        tokio::time::timeout(Duration::from_secs(1), commits.changed()).await.unwrap().unwrap();
        note(&db, 1).await.unwrap_err();
        assert!(!commits.has_changed().unwrap());
    }

    async fn a_full_queue_refuses_at_once(place) {
        let db = Db::open(Options { pool: 2, queue: 2, ..place.options() }).await.unwrap();
        notes(&db).await;
        let blocked = begin(busy(&db, 300)).await;
        let outcomes = join_all((0..6).map(|id| note(&db, id))).await;
        blocked.await.unwrap().unwrap();
        let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(refused.len(), 4, "{refused:?}");
        assert!(refused.iter().all(|error| {
            (error.kind(), error.code(), error.retry_after_seconds()) == (Kind::Unavailable, "overloaded", Some(1))
        }));
        assert_eq!(ids(&db).await, [0, 1]);
    }

    async fn who_waits_past_the_deadline_did_nothing(place) {
        let db = Db::open(Options { pool: 2, deadline: Duration::from_millis(150), ..place.options() }).await.unwrap();
        notes(&db).await;
        let blocked = match db.engine() {
            Engine::Sqlite => begin(busy(&db, 400)).await,
            Engine::Postgres => begin(locked(&place.open().await)).await,
        };
        let outcomes = join_all([note(&db, 1), note(&db, 2)]).await;
        // The writer's work is bounded, so what runs there is awaited; here it took longer than the deadline.
        blocked.await.unwrap().unwrap();
        for outcome in outcomes {
            let error = outcome.unwrap_err();
            let told = (error.kind(), error.code(), error.retry_after_seconds());
            assert_eq!(told, (Kind::Unavailable, "deadline", Some(1)));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        note(&db, 3).await.unwrap();
        assert_eq!(ids(&db).await, [3]);
    }

    async fn a_snapshot_is_one_moment(place) {
        let db = place.open().await;
        notes(&db).await;
        let (looked, seen) = std::sync::mpsc::channel::<()>();
        let (written, go) = std::sync::mpsc::channel::<()>();
        let args = (std::sync::Mutex::new(looked), std::sync::Mutex::new(go));
        let reading = tokio::spawn(db.snapshot(args, |rx, (looked, go)| Box::pin(async move {
            let before = rx.rows("SELECT id FROM notes", params![]).await?.len();
            looked.lock().unwrap().send(()).unwrap();
            go.lock().unwrap().recv().unwrap();
            Ok((before, rx.rows("SELECT id FROM notes", params![]).await?.len()))
        })));
        tokio::task::spawn_blocking(move || seen.recv().unwrap()).await.unwrap();
        note(&db, 1).await.unwrap();
        written.send(()).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), (0, 0));
        assert_eq!(ids(&db).await, [1]);
    }

    async fn a_read_cannot_write(place) {
        let db = place.open().await;
        notes(&db).await;
        for refused in [
            db.read((), |rx, ()| Box::pin(async move { Ok(rx.rows("INSERT INTO notes (id) VALUES (1) RETURNING id", params![]).await?.len()) })).await,
            db.get((), |rx, ()| Box::pin(async move { Ok(rx.rows("INSERT INTO notes (id) VALUES (1) RETURNING id", params![]).await?.len()) })).await,
        ] {
            refused.unwrap_err();
        }
        assert_eq!(ids(&db).await, [0_i64; 0]);
    }

    async fn text_without_nul_and_the_right_number_of_parameters(place) {
        let db = place.open().await;
        notes(&db).await;
        let error = db.write((), |tx, ()| Box::pin(async move {
            Ok(tx.execute("INSERT INTO notes (id, body) VALUES ($1, $2)", params![1_i64, "a\0b"]).await?)
        })).await.unwrap_err();
        assert!(matches!(cause(&error), Error::Nul(2)), "{error:?}");
        let error = db.read((), |rx, ()| Box::pin(async move {
            Ok(rx.rows("SELECT id FROM notes WHERE id = $1", params![1_i64, 2_i64]).await?.len())
        })).await.unwrap_err();
        assert!(matches!(cause(&error), Error::Parameters { expected: 1, given: 2 }), "{error:?}");
    }

    async fn after_the_close_nothing_is_taken_and_nothing_is_lost(place) {
        let db = place.open().await;
        notes(&db).await;
        db.check().await.unwrap();
        let writing: Vec<_> = join_all((0..20).map(|id| begin(note(&db, id)))).await;
        db.close().await;
        for written in writing {
            written.await.unwrap().unwrap();
        }
        assert_eq!(note(&db, 99).await.unwrap_err().code(), "database_unavailable");
        db.check().await.unwrap_err();
        assert_eq!(ids(&place.open().await).await, (0..20).collect::<Vec<_>>());
    }
}
