//! One process a data folder. The lock is the kernel's: it goes with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::FolderError;

/// Held while the process uses the folder; dropping it gives the folder back.
#[derive(Debug)]
pub(crate) struct Lock(#[allow(dead_code, reason = "held, not read")] File);

impl Lock {
    pub(crate) fn take(folder: &Path) -> Result<Self, FolderError> {
        let path = folder.join("lock");
        let shown = path.display();
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0))
            .open(&path);
        let mut file = opened.map_err(|error| {
            FolderError::new(
                format!("nothing can be written into the data folder: {shown}: {error}"),
                "Is the disk full or mounted read-only? Put that right, or name another folder with --data.",
            )
        })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = (&file).take(32).read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => "another process".to_owned(),
                    pid => format!("process {pid}"),
                };
                return Err(FolderError {
                    what: format!("the data folder {} is in use by {holder}", folder.display()),
                    next_step: "Only one process may use a data folder. Stop the other one, or give this one a folder of \
                                its own with --data. To run several nodes, use PostgreSQL: set database.url."
                        .to_owned(),
                    in_use: true,
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(FolderError::new(
                    format!("the data folder can not be locked: {shown}: {error}"),
                    "Use a local disk: this file system has no locks.",
                ));
            }
        }
        // Only for the message above; the lock is what counts.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}
