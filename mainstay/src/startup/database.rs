//! The stages of the database: opening it, waiting for it, bringing its tables up to date.

use std::time::Duration;

use config::sections::{Database, Server};
use futures_util::future::BoxFuture;
use tasks::Stopwatch;
use tasks::stages::{Failure, Undo};
use types::Error;

use super::{House, options};
use crate::cli::Exit;

/// Between two looks at a database that is not there yet: from the first to the second, doubling.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Opens the database and waits for it, up to `database.connect_wait`.
pub(super) fn open(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let settings = house.settings();
        let section = settings.get::<Database>();
        let deadline = settings.get::<Server>().request_deadline;
        let options = options::database(&section, deadline, house.folder());
        let db = db::Db::open(options).await.map_err(|error| failed(&error.into()))?;
        let closing = db.clone();
        if let Err(failure) = wait_for(&db, section.connect_wait).await {
            closing.close().await;
            return Err(failure);
        }
        for what in crate::doctor::careless(&db, &section).await.unwrap_or_default() {
            tracing::warn!(what, "a power cut can take what was acknowledged");
        }
        house.db = Some(db);
        Ok(Undo::new(async move {
            closing.close().await;
            Ok(())
        }))
    })
}

async fn wait_for(db: &db::Db, limit: Duration) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    let mut wait = FIRST_WAIT;
    loop {
        let Err(error) = db.check().await else { return Ok(()) };
        if !may_come(&error) || watch.elapsed() + wait > limit {
            let mut failure = failed(&error);
            if may_come(&error) {
                let text = format!("it did not answer within {} s: {}", limit.as_secs(), cause(&error));
                failure = Failure::new(text).exit(Exit::Unreachable as u8);
            }
            return Err(failure);
        }
        let waited = watch.elapsed().as_secs();
        tracing::warn!(
            waited,
            limit = limit.as_secs(),
            error = cause(&error),
            "the database is not there yet"
        );
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Whether waiting can help: nobody answers yet, as opposed to an answer that says no.
fn may_come(error: &Error) -> bool {
    error
        .cause::<db::Error>()
        .is_some_and(|error| matches!(error, db::Error::Unavailable(_) | db::Error::Deadline))
}

/// Makes and changes the tables. Two processes that start at once do it once.
pub(super) fn migrate(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let taken = house
            .db()
            .migrate(&crate::systems::migrations())
            .await
            .map_err(|error| failed(&error).exit(Exit::Conflict as u8))?;
        for step in taken {
            tracing::debug!(system = step.system, step = step.name, "migrated");
        }
        Ok(Undo::nothing())
    })
}

pub(super) fn failed(error: &Error) -> Failure {
    Failure::new(cause(error)).exit(Exit::of(error.kind()) as u8)
}

/// The causes, outermost first, without the words meant for the public.
pub(super) fn cause(error: &Error) -> String {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(one) = next {
        causes.push(one.to_string());
        next = one.source();
    }
    if causes.is_empty() { error.message().to_owned() } else { causes.join(": ") }
}

/// The database for a command that needs nothing else; waits for nothing.
pub(crate) async fn connect(settings: &config::Settings, folder: &std::path::Path) -> types::Result<db::Db> {
    let deadline = settings.get::<Server>().request_deadline;
    let db = db::Db::open(options::database(&settings.get::<Database>(), deadline, folder)).await?;
    db.check().await?;
    Ok(db)
}
