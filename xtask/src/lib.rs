//! The project's own tools: tidy, which holds the rules of the house, and the picture of the floors.
//!
//! A library, so that tests run exactly what the command runs. It depends on no other crate of the house.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a command-line tool of the workshop"
)]

mod exceptions;
mod finding;
mod mentions;
pub mod picture;
mod rules;
mod tree;

pub use finding::Finding;
pub use tree::Tree;

/// Everything that is not as it should be, in the order of files.
pub fn tidy(tree: &Tree) -> Vec<Finding> {
    let mut findings = rules::all(tree);
    exceptions::apply(tree, &mut findings);
    findings.sort();
    findings.dedup();
    findings
}
