//! What a document points at exists.

use std::path::Path;

use crate::tree::Source;
use crate::{Finding, Tree};

/// A name in backticks is taken for a file of the repository when it begins with a folder of it and ends like a file.
const FOLDERS: [&str; 9] =
    ["kernel/", "systems/", "mainstay/", "testkit/", "xtask/", "docs/", "scripts/", "fuzz/", "bench/"];
const ENDINGS: [&str; 6] = [".rs", ".toml", ".sh", ".md", ".sql", ".py"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.sources.iter().filter(|source| source.is("md"));
    documents.flat_map(|source| dead(tree, source)).collect()
}

fn dead(tree: &Tree, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let here = Path::new(&source.path).parent().unwrap_or(Path::new(""));
    let mut fenced = false;
    for (index, line) in source.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        let linked = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let linked = linked.map(|target| target.split('#').next().unwrap_or(target));
        let linked = linked
            .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"));
        let named = line.split('`').skip(1).step_by(2);
        let named = named.filter(|name| FOLDERS.iter().any(|folder| name.starts_with(folder)));
        let named = named.filter(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)));
        let named = named.filter(|name| !name.contains(['*', '<', '{', ' ']) && !name.contains("NNNN"));
        let wanted =
            linked.map(|target| (target, here.join(target))).chain(named.map(|name| (name, name.into())));
        for (target, path) in wanted.filter(|(_, path)| !tree.root.join(path).exists()) {
            let what = format!("points at `{target}`, and {} is not there", path.display());
            findings.push(Finding::new("links", &source.path, index + 1, what, "point at what exists"));
        }
    }
    findings
}
