//! What is locked comes from one registry and is not banned by `deny.toml`. Licences are left to cargo-deny.

use std::fs;

use crate::{Finding, Tree};

const LOCK: &str = "Cargo.lock";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let read = |name: &str| fs::read_to_string(tree.root.join(name)).unwrap_or_default();
    let (text, deny) = (read(LOCK), read("deny.toml"));
    let (Ok(lock), Ok(deny)) = (text.parse::<toml::Table>(), deny.parse::<toml::Table>()) else {
        return vec![Finding::new("lock", LOCK, 1, "it or deny.toml is not TOML", "mend it")];
    };
    let banned = deny.get("bans").and_then(|bans| bans.get("deny")).and_then(toml::Value::as_array);
    let banned: Vec<&str> =
        banned.into_iter().flatten().filter_map(|ban| ban.get("crate")?.as_str()).collect();
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let mut registry = None;
    let mut findings = Vec::new();
    for package in packages {
        let field = |key: &str| package.get(key).and_then(toml::Value::as_str);
        let (Some(name), Some(source)) = (field("name"), field("source")) else { continue };
        let mut complain = |what: String, to_do: &str| {
            findings.push(Finding::new("lock", LOCK, line_of(&text, name), what, to_do));
        };
        if banned.contains(&name) {
            complain(
                format!("`{name}` is banned"),
                "deny.toml says why; find who brings it with `cargo tree -i`",
            );
        }
        if !source.starts_with("registry+") || *registry.get_or_insert(source) != source {
            complain(format!("`{name}` comes from {source}"), "take it from cargo's default registry");
        }
    }
    findings
}

fn line_of(lock: &str, name: &str) -> usize {
    let wanted = format!("name = \"{name}\"");
    lock.lines().position(|line| line == wanted).map_or(1, |index| index + 1)
}
