//! Migrations: once however many start, whole or not at all, and never backwards.

use db::{Db, Error, Migration, Migrations, params};
use futures_util::future::join_all;
use types::Result;

use crate::place::{both, cause};

const fn step(name: &'static str, text: &'static str) -> Migration {
    Migration { name, sqlite: text, postgres: text }
}

const FIRST: Migration =
    step("0001_people", "CREATE TABLE people (id BIGINT PRIMARY KEY, name TEXT NOT NULL);");
const SECOND: Migration = step(
    "0002_pets",
    "CREATE TABLE pets (id BLOB PRIMARY KEY, owner BIGINT REFERENCES people (id)) WITHOUT ROWID;",
);
const OTHER: Migrations =
    Migrations { system: "other", steps: &[step("0001_things", "CREATE TABLE things (id BIGINT);")] };
const ONE: Migrations = Migrations { system: "people", steps: &[FIRST] };
const TWO: Migrations = Migrations { system: "people", steps: &[FIRST, SECOND] };

const BROKEN: Migrations = Migrations {
    system: "people",
    steps: &[FIRST, step("0002_broken", "CREATE TABLE half (id BIGINT); INSERT INTO nowhere VALUES (1);")],
};
const CHANGED: Migrations = Migrations {
    system: "people",
    steps: &[step("0001_people", "CREATE TABLE people (id BIGINT);"), SECOND],
};
const LATE: Migrations =
    Migrations { system: "late", steps: &[step("0002_b", "CREATE TABLE b (id BIGINT);")] };
const EARLIER: Migrations =
    Migrations { system: "late", steps: &[step("0001_a", "CREATE TABLE a (id BIGINT);"), LATE.steps[0]] };
const NAMELESS: Migrations = Migrations { system: "nameless", steps: &[step("people", "")] };

async fn there(db: &Db, table: &'static str) -> bool {
    db.read((), move |rx, ()| {
        Box::pin(async move { Ok(rx.rows(&format!("SELECT * FROM {table}"), params![]).await?.len()) })
    })
    .await
    .is_ok()
}

fn names(status: &[db::Status]) -> Vec<(&str, i64, bool)> {
    status.iter().map(|step| (step.system.as_str(), step.number, step.applied_at.is_some())).collect()
}

both! {
    async fn steps_are_taken_once_and_told(place) {
        let db = place.open().await;
        assert_eq!(names(&db.migration_status(&[TWO, OTHER]).await.unwrap()), [("people", 1, false), ("people", 2, false), ("other", 1, false)]);
        assert_eq!(names(&db.migrate(&[ONE]).await.unwrap()), [("people", 1, true)]);
        assert_eq!(names(&db.migration_status(&[TWO, OTHER]).await.unwrap()), [("people", 1, true), ("people", 2, false), ("other", 1, false)]);
        assert_eq!(names(&db.migrate(&[TWO, OTHER]).await.unwrap()), [("people", 2, true), ("other", 1, true)]);
        assert_eq!(db.migrate(&[TWO, OTHER]).await.unwrap(), []);
        // A system that was taken out leaves its tables behind; that is not a newer schema.
        assert_eq!(db.migrate(&[TWO]).await.unwrap(), []);
        assert_eq!(names(&db.migration_status(&[TWO]).await.unwrap()), [("people", 1, true), ("people", 2, true), ("other", 1, true)]);
    }

    async fn two_starts_at_once_take_each_step_once(place) {
        let starts = join_all((0..4).map(|_| place.open())).await.into_iter().map(|db| {
            tokio::spawn(async move { db.migrate(&[TWO, OTHER]).await.map(|taken| taken.len()) })
        });
        let taken = join_all(starts).await;
        assert_eq!(taken.into_iter().map(|taken| taken.unwrap().unwrap()).sum::<usize>(), 3);
    }

    async fn half_a_step_is_no_step(place) {
        let db = place.open().await;
        let error = db.migrate(&[BROKEN]).await.unwrap_err();
        assert!(matches!(cause(&error), Error::Migration { name, .. } if name == "0002_broken"), "{error:?}");
        assert!(error.detail().contains("nowhere"), "{}", error.detail());
        assert!(there(&db, "people").await && !there(&db, "half").await);
        // Its successor may have the number: the broken one was never taken.
        assert_eq!(names(&db.migrate(&[TWO]).await.unwrap()), [("people", 2, true)]);
    }

    async fn what_does_not_fit_the_history_is_refused(place) {
        let db = place.open().await;
        db.migrate(&[TWO]).await.unwrap();
        let error = db.migrate(&[ONE]).await.unwrap_err();
        assert!(matches!(cause(&error), Error::Newer { system, number: 2 } if system == "people"), "{error:?}");
        let error = db.migrate(&[CHANGED]).await.unwrap_err();
        assert!(matches!(cause(&error), Error::Changed { name, .. } if name == "0001_people"), "{error:?}");
        db.migrate(&[TWO, LATE]).await.unwrap();
        let error = db.migrate(&[TWO, EARLIER]).await.unwrap_err();
        assert!(matches!(cause(&error), Error::OutOfOrder { name, .. } if name == "0001_a"), "{error:?}");
        assert!(matches!(cause(&db.migrate(&[NAMELESS]).await.unwrap_err()), Error::Options(_)));
    }

    async fn text_is_ordered_and_matched_by_its_bytes(place) {
        let db = place.open().await;
        db.migrate(&[ONE]).await.unwrap();
        let names: Vec<String> = db.write((), |tx, ()| Box::pin(async move {
            for (id, name) in [(1_i64, "b"), (2, "B"), (3, "ä"), (4, "a")] {
                tx.execute("INSERT INTO people VALUES ($1, $2)", params![id, name]).await?;
            }
            assert_eq!(tx.rows("SELECT id FROM people WHERE name LIKE 'b%'", params![]).await?.len(), 1);
            let rows = tx.rows("SELECT name FROM people ORDER BY name", params![]).await?;
            Ok(rows.into_iter().map(|mut row| row.take(0)).collect::<Result<_, _>>()?)
        })).await.unwrap();
        assert_eq!(names, ["B", "a", "b", "ä"]);
    }
}
