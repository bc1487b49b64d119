//! `mainstay completion` and `mainstay man`: made from the command line itself.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Exit, Failed, Out};

#[derive(Debug, clap::Args)]
pub(crate) struct Completion {
    shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// The folder the pages are written into; it is made if it is not there.
    folder: PathBuf,
}

pub(crate) fn completion(args: &Completion, out: &Out) -> Result<Exit, Failed> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "mainstay", &mut text);
    let text = String::from_utf8(text).map_err(|_| {
        Failed::new(Exit::Failed, "completion_failed", "the completions are not text", "Report it.")
    })?;
    out.print(&text);
    Ok(Exit::Ok)
}

pub(crate) fn man(args: &Man, out: &Out) -> Result<Exit, Failed> {
    std::fs::create_dir_all(&args.folder).map_err(|error| refused(&args.folder, &error))?;
    clap_mangen::generate_to(super::command(), &args.folder)
        .map_err(|error| refused(&args.folder, &error))?;
    let mut pages: Vec<String> = std::fs::read_dir(&args.folder)
        .map_err(|error| refused(&args.folder, &error))?
        .filter_map(|entry| Some(entry.ok()?.path().display().to_string()))
        .filter(|path| path.ends_with(".1"))
        .collect();
    pages.sort();
    out.result(&pages.join("\n"), &json!({ "pages": pages }));
    Ok(Exit::Ok)
}

fn refused(path: &Path, error: &std::io::Error) -> Failed {
    let what = format!("{} can not be written", path.display());
    Failed::new(Exit::Failed, "not_written", what, "Name a folder that you may write to.").why(error)
}
