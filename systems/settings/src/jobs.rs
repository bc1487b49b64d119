//! From the database to the settings that everybody reads.

use config::{Mistake, Settings};
use db::Db;
use parking_lot::Mutex;
use types::{Installation, Result};
use web::App;

use crate::model::{self, SettingRow};
use crate::store;

/// The revision that the live settings are of.
#[derive(Default)]
pub(crate) struct Applied(Mutex<i64>);

/// Puts the run-time layer on the settings, before anything is served. Answers with what was passed over because this
/// version does not know it or refuses it.
pub async fn adopt(db: &Db, settings: &Settings) -> Result<Vec<Mistake>> {
    let (_, passed_over) = settings.adopt_runtime(model::layer(&rows(db).await?));
    for mistake in &passed_over {
        tracing::warn!(%mistake, "a run-time setting is passed over");
    }
    Ok(passed_over)
}

/// Looks whether there is a newer revision, and applies it.
pub(crate) async fn refresh(app: App) -> Result<()> {
    let applied = app.extension::<Applied>()?;
    let scope = Installation::system("settings");
    let newest = app.db().get(scope, |rx, scope| Box::pin(store::revision(rx, scope))).await?;
    if newest == *applied.0.lock() {
        return Ok(());
    }
    let rows = rows(app.db()).await?;
    let revision = model::revision(&rows);
    let mut applied = applied.0.lock();
    // Two of these can run at once, and the one that read first may come here last.
    if revision >= *applied {
        let (changed, passed_over) = app.settings().adopt_runtime(model::layer(&rows));
        *applied = revision;
        tracing::info!(revision, ?changed, passed_over = passed_over.len(), "settings changed");
    }
    Ok(())
}

async fn rows(db: &Db) -> Result<Vec<SettingRow>> {
    db.read(Installation::system("settings"), |rx, scope| Box::pin(store::all(rx, scope))).await
}
