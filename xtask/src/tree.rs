//! The repository as tidy sees it: its files and its crates, read once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::mentions::Mentions;

/// Folders that hold what is made, not what is written.
const SKIPPED: [&str; 6] = ["target", "node_modules", ".git", "data", "corpus", "artifacts"];
const READ: [&str; 7] = ["rs", "sql", "sh", "md", "py", "ts", "svelte"];

/// All that is checked.
#[derive(Debug)]
pub struct Tree {
    pub root: PathBuf,
    pub sources: Vec<Source>,
    pub crates: Vec<Crate>,
}

/// One written file.
#[derive(Debug)]
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    pub text: String,
    /// What a Rust file names outside its tests; nothing for other files.
    pub(crate) mentions: Mentions,
}

/// One crate of the workspace.
#[derive(Debug)]
pub struct Crate {
    pub name: String,
    /// Relative to the root: `kernel/db`.
    pub folder: String,
    pub dependencies: Vec<Dependency>,
}

#[derive(Debug)]
pub struct Dependency {
    pub name: String,
    pub line: usize,
    /// Needed only by tests.
    pub dev: bool,
    /// In no build that does not ask for it.
    pub optional: bool,
}

impl Tree {
    /// # Errors
    /// When a file cannot be read, or a manifest or a Rust file cannot be parsed.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self { root: root.to_owned(), sources: Vec::new(), crates: Vec::new() };
        let written = |entry: &walkdir::DirEntry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() == 0 || !(entry.file_type().is_dir() && SKIPPED.contains(&name.as_ref()))
        };
        for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(written) {
            let entry = entry?;
            let path = entry.path();
            let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
            let extension = path.extension().and_then(|text| text.to_str()).unwrap_or_default();
            if !entry.file_type().is_file() {
                continue;
            }
            if READ.contains(&extension) {
                tree.sources.push(Source::read(path, relative)?);
            } else if entry.file_name() == "Cargo.toml" && relative != "Cargo.toml" {
                tree.crates.extend(Crate::read(path, &relative)?);
            }
        }
        Ok(tree)
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.is("rs"))
    }

    /// The crate a file belongs to.
    pub(crate) fn crate_named(&self, name: &str) -> Option<&Crate> {
        self.crates.iter().find(|one| one.name == name)
    }
}

impl Source {
    fn read(path: &Path, relative: String) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let mentions = if path.extension().is_some_and(|extension| extension == "rs") {
            Mentions::of(&text).map_err(|error| {
                let at = error.span().start().line;
                io::Error::other(format!("{relative}:{at}: {error}"))
            })?
        } else {
            Mentions::default()
        };
        Ok(Self { path: relative, text, mentions })
    }

    /// Whether the file has this extension.
    pub(crate) fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, end)| end == extension)
    }

    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folder.split('/').filter(|part| !part.is_empty())
    }

    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }

    pub(crate) fn under(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// A file that only tests are built from, or a tool of the workshop.
    pub(crate) fn is_test(&self) -> bool {
        const WORKSHOP: [&str; 6] = ["testkit", "xtask", "bench", "fuzz", "e2e", "scripts"];
        self.stem() == "tests"
            || self.folders().any(|folder| folder == "tests" || folder == "benches")
            || self.folders().next().is_some_and(|first| WORKSHOP.contains(&first))
    }
}

impl Crate {
    /// `None` when the file is no crate's manifest.
    fn read(path: &Path, relative: &str) -> io::Result<Option<Self>> {
        let text = fs::read_to_string(path)?;
        let manifest: toml::Table =
            toml::from_str(&text).map_err(|error| io::Error::other(format!("{relative}: {error}")))?;
        let package = manifest.get("package").and_then(|package| package.get("name"));
        let Some(name) = package.and_then(toml::Value::as_str) else { return Ok(None) };
        let mut dependencies = Vec::new();
        list(&manifest, &text, &mut dependencies);
        for (_, target) in manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten() {
            list(target.as_table().unwrap_or(&toml::Table::new()), &text, &mut dependencies);
        }
        let folder = relative.trim_end_matches("/Cargo.toml").to_owned();
        Ok(Some(Self { name: name.to_owned(), folder, dependencies }))
    }
}

fn list(manifest: &toml::Table, text: &str, found: &mut Vec<Dependency>) {
    for (section, dev) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
    {
        let entries = manifest.get(section).and_then(toml::Value::as_table);
        for (key, value) in entries.into_iter().flatten() {
            let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key);
            let optional = value.get("optional").and_then(toml::Value::as_bool).unwrap_or_default();
            found.push(Dependency {
                name: name.to_owned(),
                line: line_of(text, section, key),
                dev,
                optional,
            });
        }
    }
}

/// The line of a key in its section of a manifest.
fn line_of(text: &str, section: &str, key: &str) -> usize {
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line.trim_matches(['[', ']']).ends_with(section);
        } else if inside && line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '='])) {
            return index + 1;
        }
    }
    1
}
