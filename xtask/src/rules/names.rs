//! No name that could hold anything.

use crate::{Finding, Tree};

const FORBIDDEN: [&str; 9] =
    ["util", "utils", "helper", "helpers", "common", "manager", "managers", "base", "misc"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut look = |path: &str, line: usize, kind: &str, name: &str| {
        if name.split(['_', '-']).any(|word| FORBIDDEN.contains(&word)) {
            let what = format!("{kind} `{name}` could hold anything");
            findings.push(Finding::new("names", path, line, what, "name it after what it owns"));
        }
    };
    for source in &tree.sources {
        look(&source.path, 1, "a file", source.stem());
        for folder in source.folders() {
            look(&source.path, 1, "a folder", folder);
        }
        for (line, module) in &source.mentions.modules {
            look(&source.path, *line, "a module", module);
        }
    }
    for one in &tree.crates {
        look(&format!("{}/Cargo.toml", one.folder), 1, "a crate", &one.name);
    }
    findings
}
