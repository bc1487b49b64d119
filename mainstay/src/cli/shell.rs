//! `mainstay completion` and `mainstay man`: made from the command line itself.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Exit, Failed, Out};

#[derive(Debug, clap::Args)]
pub struct Completion {
    shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub struct Man {
    /// The folder the pages are written into; it is made if it is not there.
    folder: PathBuf,
}

pub fn completion(args: &Completion, out: &Out) -> Result<Exit, Failed> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "mainstay", &mut text);
    let text = String::from_utf8(text)
        .map_err(|_| Failed::new(Exit::Failed, "completion_failed", "the completions are not text", "Report it."))?;
    out.print(&text);
    Ok(Exit::Ok)
}

pub fn man(args: &Man, out: &Out) -> Result<Exit, Failed> {
    std::fs::create_dir_all(&args.folder).map_err(|error| refused(&args.folder, &error))?;
    let mut pages = Vec::new();
    write(&super::command(), "mainstay", &args.folder, &mut pages)?;
    out.result(&pages.join("\n"), &json!({ "pages": pages }));
    Ok(Exit::Ok)
}

/// A page a command: `mainstay-config-check.1`.
fn write(command: &clap::Command, name: &str, folder: &Path, pages: &mut Vec<String>) -> Result<(), Failed> {
    let path = folder.join(format!("{name}.1"));
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone().name(name.to_owned()).version(super::version::VERSION));
    page.render(&mut text).and_then(|()| std::fs::write(&path, text)).map_err(|error| refused(&path, &error))?;
    pages.push(path.display().to_string());
    for below in command.get_subcommands() {
        write(below, &format!("{name}-{}", below.get_name()), folder, pages)?;
    }
    Ok(())
}

fn refused(path: &Path, error: &std::io::Error) -> Failed {
    let what = format!("{} can not be written", path.display());
    Failed::new(Exit::Failed, "not_written", what, "Name a folder that you may write to.").why(error)
}
