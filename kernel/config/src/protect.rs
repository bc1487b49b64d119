//! Files that hold secrets: who may read them, and reading them.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

/// More than any key, token or password needs.
const LARGEST: u64 = 64 * 1024;

/// The secret in a file, without the line end that editors leave behind. For settings that hold a secret among other
/// things and read `file:` by themselves.
///
/// # Errors
/// Why the file can not be read, or may not be trusted with a secret.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>, String> {
    let shown = path.display();
    if !path.is_absolute() {
        return Err(format!("the path of a secret file must be absolute, not {shown}"));
    }
    // NONBLOCK: opening a pipe must not wait for its writer. NOFOLLOW closes the gap between looking and opening.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            return Err(format!("{shown} is a symbolic link; name the file itself"));
        }
        Err(error) => return Err(format!("the secret file {shown} can not be opened: {error}")),
    };
    let about = file.metadata().map_err(|error| format!("{shown}: {error}"))?;
    if !about.is_file() {
        return Err(format!("{shown} is not a plain file"));
    }
    if let Some(problem) = open_to_all(&about) {
        return Err(format!("{shown} {problem}; run: chmod 600 {shown}"));
    }
    if about.len() > LARGEST {
        return Err(format!("{shown} is larger than 64 KiB: is it the right file?"));
    }
    let mut text = Zeroizing::new(String::new());
    read(&mut file, &mut text).map_err(|_| format!("{shown} can not be read as UTF-8 text"))?;
    let trimmed = text.trim_end_matches(['\n', '\r']);
    if trimmed.is_empty() {
        return Err(format!("the secret file {shown} is empty"));
    }
    Ok(Zeroizing::new(trimmed.to_owned()))
}

fn read(file: &mut File, text: &mut Zeroizing<String>) -> std::io::Result<usize> {
    // Room for all of it at once: a string that grows leaves copies behind.
    text.reserve(usize::try_from(LARGEST).unwrap_or(usize::MAX));
    file.take(LARGEST).read_to_string(text)
}

/// Whether anyone on the machine may read or write it.
pub(crate) fn open_to_all(about: &Metadata) -> Option<&'static str> {
    match about.mode() & 0o006 {
        0 => None,
        mode if mode & 0o002 != 0 => Some("can be written by everyone"),
        _ => Some("can be read by everyone"),
    }
}
