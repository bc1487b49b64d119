//! Who may issue a scope: only the files that `xtask/scope-issuers.toml` lists, each with its reason.

use crate::exceptions::ISSUERS;
use crate::{Finding, Tree};

const ISSUING: [&str; 5] = [
    "Scope::of_request",
    "Scope::public",
    "Scope::system",
    "Installation::of_request",
    "Installation::system",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    // The file that defines them names them without issuing any.
    let written =
        tree.rust().filter(|source| !source.is_test() && source.path != "kernel/types/src/scope.rs");
    for source in written {
        for (line, path) in &source.mentions.paths {
            let full = source.mentions.resolved(path);
            let issued = ISSUING.iter().find(|name| full == **name || full.ends_with(&format!("::{name}")));
            if let Some(name) = issued {
                let to_do =
                    format!("take a scope from the caller, or list the file with its reason in {ISSUERS}");
                findings.push(Finding::new("scope", &source.path, *line, format!("issues `{name}`"), to_do));
            }
        }
    }
    findings
}
