//! The first stages: settings, the log, the data folder and its secret.

use std::path::{Path, PathBuf};

use config::sections::{General, Log, LogFormat, Server};
use config::{Flag, Mistakes, Settings, Sources};
use futures_util::future::BoxFuture;
use tasks::stages::{Failure, Undo};

use super::{House, Purpose, Telemetry};
use crate::cli::Exit;
use crate::folder::{self, FolderError, Lock};

/// The settings file that is read when none is named, if it is there.
pub(crate) const OWN_FILE: &str = "mainstay.toml";

/// Everything the settings are made of: flags, the environment, and the file that is named there or lies in the data
/// folder.
pub(crate) fn sources(file: Option<PathBuf>, flags: Vec<Flag>) -> Sources {
    let mut sources = Sources::from_process(file, flags);
    if sources.file.is_none() {
        let flag = sources.flags.iter().find(|flag| flag.key == "data").map(|flag| flag.value.clone());
        let named =
            || sources.env.iter().find(|(name, _)| name == "MAINSTAY_DATA").map(|(_, value)| value.clone());
        let folder = flag.or_else(named).map_or_else(|| General::default().data, PathBuf::from);
        let own = folder.join(OWN_FILE);
        sources.file = own.is_file().then_some(own);
    }
    sources
}

pub(crate) fn load_settings(file: Option<PathBuf>, flags: Vec<Flag>) -> Result<Settings, Mistakes> {
    Settings::load(&crate::systems::sections(), sources(file, flags))
}

pub(super) fn config(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let settings = load_settings(house.wanted.config.clone(), house.wanted.flags.clone())
            .map_err(|mistakes| Failure::new(mistakes).exit(Exit::Config as u8))?;
        house.settings = Some(settings);
        Ok(Undo::nothing())
    })
}

pub(super) fn telemetry(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let settings = house.settings();
        let log = settings.get::<Log>();
        let serve = house.wanted.purpose != Purpose::Command;
        let format = match log.format {
            LogFormat::Json => telemetry::logs::Format::Json,
            LogFormat::Pretty => telemetry::logs::Format::Pretty,
            // On one's own machine, and for one command, lines are for people wherever they go.
            LogFormat::Auto if !serve || !settings.get::<General>().is_production() => {
                telemetry::logs::Format::Pretty
            }
            LogFormat::Auto => telemetry::logs::Format::Auto,
        };
        let filter = match house.wanted.verbosity {
            Some(level) => level.to_owned(),
            None if serve => log.level.clone(),
            None => "warn".to_owned(),
        };
        let options = telemetry::logs::Options { format, color: house.wanted.color, filter };
        let (logs, drain) = telemetry::logs::install(&options).map_err(Failure::new)?;
        // It ends with the process: the log outlives every stage.
        drop(tasks::thread("log", move || drain.run()));
        telemetry::logs::install_panic_hook();
        let metrics = telemetry::metrics::Metrics::install(crate::cli::VERSION).map_err(Failure::new)?;
        telemetry::metrics::describe(&crate::systems::metrics());
        let queue = logs.queue().clone();
        house.telemetry = Some(Telemetry { logs, metrics });
        Ok(Undo::new(async move {
            queue.flush(std::time::Duration::from_secs(1));
            Ok(())
        }))
    })
}

/// The folder, and the lock on it: from here on no other process uses it.
pub(super) fn folder(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let wanted = house.settings().get::<General>().data.clone();
        let (path, lock) = claim(&wanted)?;
        house.folder = Some(path);
        Ok(Undo::drop(lock))
    })
}

fn claim(wanted: &Path) -> Result<(PathBuf, Lock), Failure> {
    let path = folder::prepare(wanted).map_err(refused)?;
    let lock = Lock::take(&path).map_err(refused)?;
    Ok((path, lock))
}

/// What every key is derived from: `server.secret`, or the file in the data folder.
pub(super) fn secret(house: &mut House) -> BoxFuture<'_, Result<Undo, Failure>> {
    Box::pin(async move {
        let server = house.settings().get::<Server>();
        let secret = if server.secret.is_empty() {
            folder::read_or_make_secret(house.folder()).map_err(refused)?
        } else {
            server.secret.expose().as_bytes().to_vec()
        };
        house.secret = Some(secret);
        Ok(Undo::nothing())
    })
}

fn refused(error: FolderError) -> Failure {
    let exit = if error.in_use { Exit::InUse } else { Exit::Permission };
    Failure::new(&error).next_step(error.next_step.clone()).exit(exit as u8)
}
