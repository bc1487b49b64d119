//! Where things are, and what is wanted of this run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

pub struct Place {
    pub mainstay: PathBuf,
    /// The environment of the Python peers.
    pub python: PathBuf,
    /// This folder: `bench/`.
    pub here: PathBuf,
    /// Built by scripts/bench.sh, where it could be.
    pub pocketbase: Option<PathBuf>,
    pub pgbench: PathBuf,
    pub work: TempDir,
    /// How long one run of one target takes.
    pub span: Duration,
}

impl Place {
    /// What scripts/bench.sh says is where.
    pub fn from_environment(seconds: f64) -> Self {
        let path = |name: &str| {
            PathBuf::from(
                std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: run scripts/bench.sh")),
            )
        };
        let pocketbase =
            std::env::var_os("MAINSTAY_TEST_POCKETBASE").map(PathBuf::from).filter(|path| path.exists());
        Self {
            mainstay: path("MAINSTAY_TEST_BINARY"),
            python: path("MAINSTAY_TEST_PEERS"),
            here: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            pocketbase,
            pgbench: pgbench(),
            work: tempfile::Builder::new().prefix("mainstay-bench-").tempdir().expect("a folder"),
            span: Duration::from_secs_f64(seconds),
        }
    }

    /// A new folder below the one of this run.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = (0..).map(|n| self.work.path().join(format!("{name}-{n}"))).find(|path| !path.exists());
        let path = path.expect("numbers do not end");
        fs::create_dir_all(&path).expect("a folder");
        path
    }
}

fn pgbench() -> PathBuf {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = folders.map(|entry| entry.path().join("bin/pgbench")).find(|path| path.exists());
    found.unwrap_or_else(|| Path::new("pgbench").to_owned())
}
