//! The data folder: who it belongs to, that only one process uses it, and the secret in it.

mod lock;
mod secret;
#[cfg(test)]
mod tests;

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

pub(crate) use lock::Lock;
pub(crate) use secret::{SECRET_FILE, read_or_make_secret};

/// Why the folder can not be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct FolderError {
    pub what: String,
    pub next_step: String,
    /// Another process uses it: exit code 7, otherwise 6.
    pub in_use: bool,
}

impl FolderError {
    fn new(what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { what: what.into(), next_step: next_step.into(), in_use: false }
    }
}

/// Made with those above it. Their names are forced to the disk as well: what a power cut leaves without a name is gone.
fn make(path: &Path) -> std::io::Result<()> {
    let path = std::path::absolute(path)?;
    let missing: Vec<_> = path.ancestors().take_while(|above| !above.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
    missing.iter().filter_map(|made| made.parent()).try_for_each(|above| File::open(above)?.sync_all())
}

/// The folder, made with mode 0700 if it is not there. Its path comes back absolute.
pub(crate) fn prepare(path: &Path) -> Result<PathBuf, FolderError> {
    let shown = path.display();
    if !path.exists() {
        make(path).map_err(|error| {
            FolderError::new(
                format!("the data folder {shown} can not be made: {error}"),
                "Make it yourself and give it to the user that runs Mainstay, or name another with --data.",
            )
        })?;
    }
    let about = std::fs::metadata(path).map_err(|error| {
        FolderError::new(
            format!("the data folder {shown} can not be looked at: {error}"),
            "Give it to the user that runs Mainstay, or name another with --data.",
        )
    })?;
    if !about.is_dir() {
        let next = "Name a folder with --data.";
        return Err(FolderError::new(format!("{shown} is not a folder"), next));
    }
    let me = rustix::process::geteuid().as_raw();
    if about.uid() != me {
        return Err(FolderError::new(
            format!(
                "the data folder {shown} belongs to user {}, and this process runs as user {me}",
                about.uid()
            ),
            format!("Run Mainstay as that user, or give it the folder: chown -R {me} {shown}"),
        ));
    }
    if about.mode() & 0o022 != 0 {
        return Err(FolderError::new(
            format!("others may write into the data folder {shown} (mode {:03o})", about.mode() & 0o777),
            format!("Take it away from them: chmod 700 {shown}"),
        ));
    }
    path.canonicalize().map_err(|error| {
        FolderError::new(format!("the data folder {shown}: {error}"), "Name another folder with --data.")
    })
}
