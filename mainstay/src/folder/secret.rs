//! The installation's secret in the data folder, for those who set none.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::FolderError;

pub(crate) const SECRET_FILE: &str = "secret.key";

/// Hex digits in the file: 32 bytes.
const LENGTH: usize = 64;

/// The secret out of `DATA/secret.key`, made on the first start. A link, a file that others may read and a file of
/// another user are refused.
pub(crate) fn read_or_make_secret(folder: &Path) -> Result<Vec<u8>, FolderError> {
    let path = folder.join(SECRET_FILE);
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    match OpenOptions::new().read(true).custom_flags(nofollow).open(&path) {
        Ok(file) => read(file, &path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(folder, &path),
        Err(error) => Err(FolderError::new(
            format!("the secret {} can not be opened: {error}", path.display()),
            "It must be a plain file of the user that runs Mainstay, no link. If it is lost, take it from a backup: a new \
             one ends all sessions.",
        )),
    }
}

fn read(mut file: File, path: &Path) -> Result<Vec<u8>, FolderError> {
    let shown = path.display();
    let about = file
        .metadata()
        .map_err(|error| FolderError::new(format!("the secret {shown}: {error}"), "Check the disk."))?;
    if about.mode() & 0o077 != 0 {
        return Err(FolderError::new(
            format!("others may read the secret {shown} (mode {:03o})", about.mode() & 0o777),
            format!("Take it away from them: chmod 600 {shown}. If they may have read it, replace it."),
        ));
    }
    let me = rustix::process::geteuid().as_raw();
    if about.uid() != me {
        return Err(FolderError::new(
            format!("the secret {shown} belongs to user {}, and this process runs as user {me}", about.uid()),
            format!("Run Mainstay as that user, or give it the file: chown {me} {shown}"),
        ));
    }
    let mut text = String::new();
    let read = (&mut file).take(1024).read_to_string(&mut text);
    let secret = text.trim();
    if read.is_err() || secret.len() != LENGTH || !secret.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(FolderError::new(
            format!("the secret {shown} is damaged: it should be {LENGTH} hex digits"),
            "Take it from a backup. A new one ends all sessions and makes kept secrets unreadable.",
        ));
    }
    Ok(secret.as_bytes().to_vec())
}

/// Written beside, forced to the disk, then put into place: a crash leaves a whole secret or none.
fn make(folder: &Path, path: &Path) -> Result<Vec<u8>, FolderError> {
    use std::fmt::Write as _;
    let bytes: [u8; 32] = rand::random();
    let secret = bytes.iter().fold(String::with_capacity(LENGTH), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let beside = folder.join(".secret.key.new");
    let written = (|| {
        let _ = std::fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        writeln!(file, "{secret}")?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    })();
    written.map_err(|error: std::io::Error| {
        FolderError::new(
            format!("the secret {} can not be written: {error}", path.display()),
            "Is the disk full or mounted read-only? Put that right, or set server.secret.",
        )
    })?;
    Ok(secret.into_bytes())
}
