//! The Python of the tests, with the independent implementations that tests compare ours with.

use std::path::PathBuf;

/// Where `scripts/setup.sh` puts it.
pub fn python() -> PathBuf {
    let python = crate::folder::cache().join("venv/bin/python");
    if python.exists() { python } else { "python3".into() }
}
