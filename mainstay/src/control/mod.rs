//! The local socket: how a command reaches the process that holds the data folder.
//!
//! One line of JSON asks, one answers: `{"ok": ...}` or `{"error": {"code", "message", "kind", "why"}}`. The socket lies in
//! the data folder (0700) with mode 0600, and only its owner and root are answered.

mod client;
mod server;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

pub(crate) use client::{Reached, ask};
pub(crate) use server::{Handler, open};

pub(crate) const SOCKET: &str = "control.sock";

/// Longest line in either direction.
const LONGEST: u64 = 1024 * 1024;

/// What a socket's address may have at most, with its end.
const LONGEST_PATH: usize = 100;

/// The path to use for the socket: a long one goes through the folder's descriptor, which has to stay open meanwhile.
fn address(folder: &Path) -> std::io::Result<(PathBuf, Option<File>)> {
    let path = folder.join(SOCKET);
    if path.as_os_str().len() <= LONGEST_PATH {
        return Ok((path, None));
    }
    let open = File::open(folder)?;
    Ok((PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd())), Some(open)))
}
