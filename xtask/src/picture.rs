//! A picture of who imports whom, made from the manifests and kept in the documents.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;

use crate::Tree;
use crate::rules::{Floor, floor};

/// Where the picture is kept.
pub const PATH: &str = "docs/dev/floors.md";

type Imports<'tree> = BTreeMap<&'tree str, Vec<&'tree str>>;

/// Draws the picture into its file and returns it.
///
/// # Errors
/// When the file cannot be written, or the imports go in a circle.
pub fn write(tree: &Tree) -> io::Result<String> {
    if let Some(cycle) = cycle(&imports(tree)) {
        return Err(io::Error::other(format!("the imports go in a circle: {}", cycle.join(" -> "))));
    }
    let text = draw(tree);
    let path = tree.root.join(PATH);
    fs::create_dir_all(path.parent().unwrap_or(&tree.root))?;
    fs::write(path, &text)?;
    Ok(text)
}

/// What is wrong with the imports or with the picture of them.
pub fn problems(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(cycle) = cycle(&imports(tree)) {
        problems.push(format!("the imports go in a circle: {}", cycle.join(" -> ")));
    }
    if fs::read_to_string(tree.root.join(PATH)).unwrap_or_default() != draw(tree) {
        problems.push(format!("{PATH} is not current: run `cargo xtask floors`"));
    }
    problems
}

/// What each crate of the house imports from the house; what only tests and their builds import is left out.
fn imports(tree: &Tree) -> Imports<'_> {
    let mut imports = Imports::new();
    for one in &tree.crates {
        let used = one.dependencies.iter().filter(|dependency| !dependency.dev && !dependency.optional);
        let used =
            used.filter_map(|dependency| tree.crate_named(&dependency.name)).map(|other| other.name.as_str());
        let mut used: Vec<&str> = used.collect();
        used.sort_unstable();
        used.dedup();
        imports.insert(&one.name, used);
    }
    imports
}

fn draw(tree: &Tree) -> String {
    let imports = imports(tree);
    let mut crates: Vec<_> = tree.crates.iter().map(|one| (floor(one), one)).collect();
    crates.sort_by_key(|(floor, one)| (std::cmp::Reverse(*floor), one.name.clone()));
    crates.retain(|(floor, _)| *floor != Some(Floor::Workshop));
    let mut text = String::from(
        "# The floors\n\nMade by `cargo xtask floors` from the manifests; a test says when it is old. Each crate uses \
         only what stands\nbelow it. The test kit and the tools stand beside the house and are left out.\n\n```text\n",
    );
    let width = crates.iter().map(|(_, one)| one.name.len()).max().unwrap_or(0);
    let mut last = "";
    for (_, one) in &crates {
        let story = one.folder.split('/').next().unwrap_or_default();
        if story != last {
            let _ = writeln!(text, "{}{story}/", if last.is_empty() { "" } else { "\n" });
            last = story;
        }
        let used = &imports[one.name.as_str()];
        let used = if used.is_empty() { "nothing".to_owned() } else { used.join(", ") };
        let _ = writeln!(text, "  {:width$}  uses {used}", one.name);
    }
    text.push_str("```\n\nWithout the arrows that another path already gives:\n\n```mermaid\ngraph TD\n");
    for (_, one) in &crates {
        for used in direct(&imports, &one.name) {
            let _ = writeln!(text, "    {} --> {used}", one.name);
        }
    }
    text.push_str("```\n");
    text
}

/// The imports that are not reached through another import.
fn direct<'tree>(imports: &Imports<'tree>, name: &str) -> Vec<&'tree str> {
    let used = &imports[name];
    let through = |other: &str| used.iter().any(|via| *via != other && reaches(imports, via, other));
    used.iter().copied().filter(|other| !through(other)).collect()
}

fn reaches(imports: &Imports<'_>, from: &str, to: &str) -> bool {
    imports.get(from).is_some_and(|used| used.iter().any(|next| *next == to || reaches(imports, next, to)))
}

/// The first circle of imports, as names in order.
fn cycle<'tree>(imports: &Imports<'tree>) -> Option<Vec<&'tree str>> {
    fn walk<'tree>(imports: &Imports<'tree>, path: &mut Vec<&'tree str>, done: &mut Vec<&'tree str>) -> bool {
        let last = path[path.len() - 1];
        for next in imports.get(last).into_iter().flatten().copied() {
            if let Some(start) = path.iter().position(|name| *name == next) {
                path.drain(..start);
                path.push(next);
                return true;
            }
            if done.contains(&next) {
                continue;
            }
            path.push(next);
            if walk(imports, path, done) {
                return true;
            }
            path.pop();
        }
        done.push(last);
        false
    }
    let mut done = Vec::new();
    imports.keys().find_map(|name| {
        let mut path = vec![*name];
        (!done.contains(name) && walk(imports, &mut path, &mut done)).then_some(path)
    })
}
