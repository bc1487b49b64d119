//! `cargo xtask tidy`, `cargo xtask floors [--check]` and `cargo xtask generate`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a command-line tool of the workshop"
)]

use std::process::ExitCode;

use xtask::{Tree, picture, tidy};

const USAGE: &str = "usage: cargo xtask tidy             hold the rules of the house
       cargo xtask floors [--check]   draw docs/dev/floors.md, or only say whether it is current
       cargo xtask generate           write the pages of the guide that are made from the code";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments[..] == ["generate"] {
        return generate();
    }
    let outcome = Tree::read(&xtask::root()).and_then(|tree| match arguments[..] {
        ["tidy"] => Ok(run_tidy(&tree)),
        ["floors"] => picture::write(&tree).map(|text| {
            print!("{text}");
            ExitCode::SUCCESS
        }),
        ["floors", "--check"] => Ok(check_floors(&tree)),
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        ExitCode::FAILURE
    })
}

fn generate() -> ExitCode {
    match xtask::generate::write(&xtask::root()) {
        Ok(changed) => {
            for path in &changed {
                println!("generate: wrote {path}");
            }
            println!("generate: {} pages, {} changed", xtask::generate::PAGES.len(), changed.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_tidy(tree: &Tree) -> ExitCode {
    let findings = tidy(tree);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: ok. {} files, {} crates", tree.sources.len(), tree.crates.len());
        return ExitCode::SUCCESS;
    }
    println!("tidy: {} findings", findings.len());
    ExitCode::FAILURE
}

fn check_floors(tree: &Tree) -> ExitCode {
    match picture::problems(tree)[..] {
        [] => {
            println!("floors: {} is current, no cycle", picture::PATH);
            ExitCode::SUCCESS
        }
        ref problems => {
            for problem in problems {
                println!("floors: {problem}");
            }
            ExitCode::FAILURE
        }
    }
}
