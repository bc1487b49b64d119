//! `mainstay init`: everything a first start needs, made beforehand.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use config::sections::General;
use serde_json::json;

use super::{Exit, Failed, Global, Out, order, serve};
use crate::folder;
use crate::orders::Order;
use crate::startup::{OWN_FILE, load_settings};

#[derive(Debug, clap::Args)]
pub(crate) struct Init {}

pub(crate) fn run(_: &Init, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let settings =
        load_settings(global.config.clone(), serve::flags(global)).map_err(super::config::failed)?;
    let folder = folder::prepare(&settings.get::<General>().data)?;
    let file = global.config.clone().unwrap_or_else(|| folder.join(OWN_FILE));
    let made = write_settings(&file)?;
    let words = if made { "Wrote every setting, commented out, to" } else { "Kept the settings file" };
    out.progress(&format!("{words} {}", file.display()));
    let ttl_seconds = 30 * 60;
    let done = order::carry_out(Order::SetupLink { ttl_seconds }, global, out)?;
    let link = done["link"].as_str().unwrap_or_default();
    out.progress("The setup link works for 30 minutes, once `mainstay serve` runs:");
    out.result(link, &json!({ "data": folder, "config": file, "config_written": made, "setup": done }));
    Ok(Exit::Ok)
}

/// Whether the file was not there before. One that is there is never changed.
fn write_settings(file: &PathBuf) -> Result<bool, Failed> {
    let text = config::defaults_toml(&crate::systems::sections());
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match written.and_then(|mut to| to.write_all(text.as_bytes()).and_then(|()| to.sync_all())) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => {
            let what = format!("the settings file {} can not be written", file.display());
            Err(Failed::new(Exit::Permission, "not_written", what, "Name another with --config.").why(error))
        }
    }
}
