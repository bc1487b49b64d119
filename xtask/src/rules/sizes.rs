//! Files stop at 500 lines and open by saying what they own. Functions stop at 80: clippy holds that.

use crate::tree::Source;
use crate::{Finding, Tree};

const MOST_LINES: usize = 500;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let written = tree.sources.iter().filter(|source| !source.is("md"));
    written.filter_map(size).chain(tree.rust().filter_map(opening)).collect()
}

/// Tests written inside the file do not count.
fn size(source: &Source) -> Option<Finding> {
    let all = source.text.lines().count();
    let tests: usize = source.mentions.tests.iter().map(|(first, last)| last - first + 1).sum();
    let lines = all - tests;
    (lines > MOST_LINES).then(|| {
        let what = format!("{lines} lines, {MOST_LINES} at most");
        Finding::new("sizes", &source.path, MOST_LINES, what, "split it by noun or by operation")
    })
}

fn opening(source: &Source) -> Option<Finding> {
    let first =
        source.text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!")).unwrap_or("");
    (!first.starts_with("//!")).then(|| {
        let to_do = "open with `//!`: what it owns, what it refuses to know";
        Finding::new("opening", &source.path, 1, "the module does not say what it is", to_do)
    })
}
