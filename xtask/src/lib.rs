//! The project's own tools: tidy, which holds the rules of the house, the picture of the floors, and the
//! pages that are made from the code.
//!
//! A library, so that tests run exactly what the command runs. It depends on no other crate of the house.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a command-line tool of the workshop"
)]

use std::path::PathBuf;

mod exceptions;
mod finding;
pub mod generate;
mod mentions;
pub mod picture;
mod rules;
mod tree;

pub use finding::Finding;
pub use tree::Tree;

/// The root of the tree that this run is about. Cargo says so at run time: two clones that share a target folder may
/// also share the built program.
///
/// # Panics
/// When it is run neither by cargo nor where it was built.
pub fn root() -> PathBuf {
    let built = || env!("CARGO_MANIFEST_DIR").to_owned();
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| built()));
    here.parent().expect("xtask lies in the root").to_owned()
}

/// Everything that is not as it should be, in the order of files.
pub fn tidy(tree: &Tree) -> Vec<Finding> {
    let mut findings = rules::all(tree);
    exceptions::apply(tree, &mut findings);
    findings.sort();
    findings.dedup();
    findings
}
