//! Checks of the database.

use config::sections::Database;
use futures_util::future::BoxFuture;

use super::{Finding, Patient};

/// While a server runs, SQLite's file is its own; it answers for the database itself.
const RUNNING: &str = "a server uses it; ask /ready";

macro_rules! database {
    ($patient:expr) => {
        match &$patient.db {
            Ok(db) => db,
            Err(_) if $patient.running => return Finding::ok(RUNNING),
            Err(why) => return Finding::fail(why.clone(), "See the check `reachable`."),
        }
    };
}

pub(super) fn reachable(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let url = &patient.settings.get::<Database>().url;
        match &patient.db {
            Ok(db) => Finding::ok(match db.engine() {
                db::Engine::Sqlite => "SQLite".to_owned(),
                db::Engine::Postgres => format!("PostgreSQL at {}", url.host()),
            }),
            Err(_) if patient.running => Finding::ok(RUNNING),
            Err(why) => Finding::fail(
                why.clone(),
                "Is it running, and is database.url right? `mainstay config explain database.url`",
            ),
        }
    })
}

pub(super) fn migrations(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let db = database!(patient);
        match db.migration_status(&crate::systems::migrations()).await {
            Err(error) => Finding::fail(
                telemetry::logs::redact::text(&error.detail()).into_owned(),
                "See `mainstay migrate status`.",
            ),
            Ok(steps) => match steps.iter().filter(|step| step.applied_at.is_none()).count() {
                0 => Finding::ok(format!("all {} steps taken", steps.len())),
                n => Finding::warn(
                    format!("{n} steps are missing"),
                    "The next start takes them, or `mainstay migrate up`.",
                ),
            },
        }
    })
}

pub(super) fn integrity(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let db = database!(patient);
        if db.engine() == db::Engine::Postgres {
            return Finding::ok("PostgreSQL looks after itself");
        }
        match quick_check(db).await {
            Ok(said) if said == "ok" => Finding::ok("SQLite finds nothing wrong"),
            Ok(said) => Finding::fail(said, "Restore the last backup. Keep the damaged file."),
            Err(error) => Finding::fail(error.detail(), "Restore the last backup if this stays."),
        }
    })
}

/// Whether what is acknowledged survives a power cut.
pub(super) fn durability(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(async move {
        let db = database!(patient);
        let section = patient.settings.get::<Database>();
        match careless(db, &section).await {
            Err(error) => Finding::fail(error.detail(), "See the check `reachable`."),
            Ok(found) if found.is_empty() => Finding::ok("commits wait for the disk"),
            Ok(found) => Finding::warn(
                format!("a power cut can take what was acknowledged: {}", found.join(", ")),
                "Put that right unless the data can be lost: troubleshooting.md has a section on it.",
            ),
        }
    })
}

/// Settings under which a power cut can take what was acknowledged.
pub(crate) async fn careless(db: &db::Db, section: &Database) -> types::Result<Vec<String>> {
    if db.engine() == db::Engine::Sqlite {
        let normal = section.synchronous == config::sections::Synchronous::Normal;
        return Ok(normal.then(|| "database.synchronous is normal".to_owned()).into_iter().collect());
    }
    db.read((), |rx, ()| {
        Box::pin(async move {
            let rows = rx
                .rows(
                    "SELECT name FROM pg_settings WHERE setting = 'off' \
                     AND name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name",
                    &[],
                )
                .await?;
            rows.into_iter()
                .map(|mut row| Ok(format!("{} is off in PostgreSQL", row.take::<String>("name")?)))
                .collect()
        })
    })
    .await
}

async fn quick_check(db: &db::Db) -> types::Result<String> {
    db.read((), |rx, ()| {
        Box::pin(async move {
            let row = rx.row("PRAGMA quick_check(1)", &[]).await?;
            Ok(row.map(|mut row| row.take("quick_check")).transpose()?.unwrap_or_default())
        })
    })
    .await
}

/// What PostgreSQL takes for the time.
pub(super) async fn time(db: &db::Db) -> types::Result<types::Time> {
    db.read((), |rx, ()| {
        Box::pin(async move {
            let row =
                rx.row("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms", &[]).await?;
            Ok(types::Time::from_millis(row.map(|mut row| row.take("ms")).transpose()?.unwrap_or_default()))
        })
    })
    .await
}
