//! `mainstay migrate`: the tables of the database, with the server stopped where the database is in the data folder.

use config::sections::{Database, General};
use serde_json::json;

use super::{Exit, Failed, Global, Out, serve};
use crate::folder::{self, Lock};
use crate::startup::load_settings;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Migrate {
    /// List every step and when it was taken.
    Status,
    /// List the steps that `up` would take. Changes nothing.
    Plan,
    /// Take the steps that are missing.
    Up,
}

pub(crate) fn run(command: &Migrate, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let settings =
        load_settings(global.config.clone(), serve::flags(global)).map_err(super::config::failed)?;
    let wanted = settings.get::<General>().data.clone();
    let (folder, _lock) = if settings.get::<Database>().is_sqlite() {
        let folder = folder::prepare(&wanted).map_err(Failed::from)?;
        let lock = Lock::take(&folder).map_err(Failed::from)?;
        (folder, Some(lock))
    } else {
        (wanted, None)
    };
    serve::runtime()?.block_on(async {
        let db = crate::startup::connect(&settings, &folder).await?;
        let done = steps(command, &db, out).await;
        db.close().await;
        done
    })
}

async fn steps(command: &Migrate, db: &db::Db, out: &Out) -> Result<Exit, Failed> {
    let all = crate::systems::migrations();
    if let Migrate::Up = command {
        let taken = db.migrate(&all).await?;
        let names: Vec<String> = taken.iter().map(|step| format!("{} {}", step.system, step.name)).collect();
        let text = if names.is_empty() {
            "Nothing to do: every step was taken.".to_owned()
        } else {
            names.join("\n")
        };
        out.result(&text, &json!({ "taken": names }));
        return Ok(Exit::Ok);
    }
    let mut status = db.migration_status(&all).await?;
    if let Migrate::Plan = command {
        status.retain(|step| step.applied_at.is_none());
    }
    let lines: Vec<String> = status
        .iter()
        .map(|step| {
            let at = step.applied_at.map_or_else(|| "missing".to_owned(), |at| at.to_string());
            format!("{:10} {:32} {at}", step.system, step.name)
        })
        .collect();
    let text =
        if lines.is_empty() { "Nothing to do: every step was taken.".to_owned() } else { lines.join("\n") };
    let json: Vec<_> = status
        .iter()
        .map(|step| json!({ "system": step.system, "number": step.number, "name": step.name, "applied_at": step.applied_at }))
        .collect();
    out.result(&text, &json!({ "steps": json }));
    Ok(Exit::Ok)
}

impl From<folder::FolderError> for Failed {
    fn from(error: folder::FolderError) -> Self {
        let (exit, code) = if error.in_use {
            (Exit::InUse, "data_folder_in_use")
        } else {
            (Exit::Permission, "data_folder_unusable")
        };
        Self::new(exit, code, error.what, error.next_step)
    }
}
