//! The Python of the tests, with the independent implementations that tests compare ours with.

use std::path::PathBuf;
use std::process::Command;

/// Where `scripts/setup.sh` puts it.
pub fn python() -> PathBuf {
    let python = crate::folder::cache().join("venv/bin/python");
    if python.exists() { python } else { "python3".into() }
}

/// Runs a script to its end and gives what it printed; panics with what it complained about.
pub fn run_python(script: &str, arguments: &[&str]) -> String {
    let done = Command::new(python())
        .args(["-c", script])
        .args(arguments)
        .output()
        .expect("the Python of the tests: run scripts/setup.sh");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}
