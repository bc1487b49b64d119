//! The pages of the guide that are made from the code. The binary knows them; here they are written down.

use std::io;
use std::path::Path;
use std::process::Command;

/// Each is a file in `docs/guide` and a page of `mainstay reference`.
pub const PAGES: [&str; 4] = ["settings", "permissions", "metrics", "ids"];

/// Writes every page, and tells which changed.
///
/// # Errors
/// When the binary cannot be built, or a page cannot be written.
pub fn write(root: &Path) -> io::Result<Vec<String>> {
    let mut changed = Vec::new();
    for page in PAGES {
        let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        command
            .args(["run", "--locked", "--quiet", "-p", "mainstay", "--", "reference", page])
            .current_dir(root);
        let made = command.output()?;
        if !made.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()));
        }
        let path = format!("docs/guide/{page}.md");
        if std::fs::read(root.join(&path)).ok().as_ref() != Some(&made.stdout) {
            std::fs::write(root.join(&path), &made.stdout)?;
            changed.push(path);
        }
    }
    Ok(changed)
}
