//! Checks of the data folder.

use std::os::unix::fs::MetadataExt as _;

use futures_util::future::{BoxFuture, ready};

use super::{Finding, Patient};

const GIB: u64 = 1 << 30;

pub(super) fn server(patient: &Patient) -> BoxFuture<'_, Finding> {
    let text = if patient.running { "in use by a server" } else { "no server runs on it" };
    Box::pin(ready(Finding::ok(text)))
}

pub(super) fn owner(patient: &Patient) -> BoxFuture<'_, Finding> {
    let shown = patient.folder.display();
    let me = rustix::process::geteuid().as_raw();
    Box::pin(ready(match std::fs::metadata(&patient.folder) {
        Err(error) => Finding::warn(format!("{shown}: {error}"), "The first start makes it."),
        Ok(about) if about.uid() != me => Finding::fail(
            format!("{shown} belongs to user {}, this is user {me}", about.uid()),
            "Run this as the user that runs Mainstay, or give the folder to it.",
        ),
        Ok(about) if about.mode() & 0o022 != 0 => {
            Finding::fail(format!("others may write into {shown}"), format!("chmod 700 {shown}"))
        }
        Ok(about) if about.mode() & 0o055 != 0 => {
            Finding::warn(format!("others may look into {shown}"), format!("chmod 700 {shown}"))
        }
        Ok(_) => Finding::ok(shown.to_string()),
    }))
}

pub(super) fn space(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(ready(match rustix::fs::statvfs(&patient.folder) {
        Err(_) => Finding::warn("there is no data folder yet", "The first start makes it."),
        Ok(about) => {
            let free = about.f_bavail.saturating_mul(about.f_frsize);
            #[allow(clippy::cast_precision_loss, reason = "for a person to read")]
            let text = format!("{:.1} GiB free", free as f64 / GIB as f64);
            if free < GIB / 10 {
                Finding::fail(text, "Make room: without it nothing can be written.")
            } else if free < GIB {
                Finding::warn(text, "Make room before it is needed.")
            } else {
                Finding::ok(text)
            }
        }
    }))
}

pub(super) fn inodes(patient: &Patient) -> BoxFuture<'_, Finding> {
    Box::pin(ready(match rustix::fs::statvfs(&patient.folder) {
        Err(_) => Finding::warn("there is no data folder yet", "The first start makes it."),
        // Some file systems make them as they go and count none.
        Ok(about) if about.f_files == 0 => Finding::ok("the file system does not count them"),
        Ok(about) => {
            let text = format!("{} of {} free", about.f_favail, about.f_files);
            if about.f_favail < 1000 {
                Finding::fail(text, "Delete small files, or move the data folder.")
            } else {
                Finding::ok(text)
            }
        }
    }))
}
