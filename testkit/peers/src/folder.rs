//! A temporary folder on disk.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Where `scripts/setup.sh` puts what the tests need beside Debian's packages.
pub(crate) fn cache() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = of("MAINSTAY_TEST_CACHE_DIR")
        .or_else(|| of("XDG_CACHE_HOME").map(|cache| cache.join("mainstay")))
        .or_else(|| of("HOME").map(|home| home.join(".cache/mainstay")));
    cache.unwrap_or_default()
}

/// A folder that is removed with everything in it when this is dropped.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("mainstay-test-").tempdir();
        Self(folder.expect("the system's temporary folder takes a new folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}
