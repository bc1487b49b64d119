//! Which binary is tried.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where `make test` has put it. Without the variable it is built when it is first asked for.
const BUILT: &str = "MAINSTAY_TEST_TRIALS";

/// The `mainstay` with the workload of `testkit/trials` and the faults, of the same profile as this test.
///
/// # Panics
/// When it can not be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var(BUILT) {
        Ok(path) if !path.is_empty() => PathBuf::from(path),
        _ => build(),
    })
}

/// The commit that is tried, for whoever reads the output.
pub fn commit() -> String {
    let said = Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(root()).output();
    said.ok()
        .filter(|said| said.status.success())
        .map_or_else(|| "unknown".to_owned(), |said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn build() -> PathBuf {
    let this = std::env::current_exe().expect("a test has a path");
    let profile = this.ancestors().nth(2).expect("tests lie two folders deep").to_owned();
    let kind = profile.file_name().expect("a profile has a name").to_string_lossy().into_owned();
    let target = profile.parent().expect("the profile lies in the target folder");
    let done = Command::new("bash")
        .args(["-c", &format!("source scripts/env.sh && build_trials {kind}")])
        .env("CARGO_TARGET_DIR", target)
        .current_dir(root())
        .status()
        .expect("bash starts");
    assert!(done.success(), "the binary to be tried can not be built");
    profile.join("trials/mainstay")
}
