//! Where settings are collected from, and the only place that reads the process environment.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::Section;

/// What every variable of ours begins with.
pub(crate) const PREFIX: &str = "MAINSTAY_";

/// Names the file itself.
const FILE: &str = "MAINSTAY_CONFIG";

/// Belongs to the test suites, whose processes pass their environment on.
const TESTS: &str = "MAINSTAY_TEST_";

/// A setting given on the command line.
#[derive(Clone)]
pub struct Flag {
    pub key: String,
    pub value: String,
    /// As it was typed: `--listen`.
    pub name: String,
}

impl Flag {
    pub fn new(key: impl Into<String>, value: impl Into<String>, name: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into(), name: name.into() }
    }
}

/// The raw layers above the defaults.
#[derive(Clone, Default)]
pub struct Sources {
    /// The settings file; none is fine, one that is named must be there.
    pub file: Option<PathBuf>,
    /// `MAINSTAY_*` variables and their values. Others are ignored.
    pub env: Vec<(String, String)>,
    pub flags: Vec<Flag>,
    /// What was changed at run time: key to JSON value.
    pub runtime: Map<String, Value>,
    /// Variables of ours whose value is not UTF-8.
    pub unreadable: Vec<String>,
}

impl Sources {
    /// The environment of this process, with what the command line said. The file is the one that is named there,
    /// or `MAINSTAY_CONFIG`.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn from_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        let mut sources = Self { file, flags, ..Self::default() };
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            if name == FILE {
                if sources.file.is_none() && !value.is_empty() {
                    sources.file = Some(PathBuf::from(value));
                }
            } else if !name.starts_with(TESTS) {
                match value.into_string() {
                    Ok(value) => sources.env.push((name.to_owned(), value)),
                    Err(_) => sources.unreadable.push(name.to_owned()),
                }
            }
        }
        // The order of the environment is an accident; mistakes are listed by name.
        sources.env.sort();
        sources
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("file", &self.file)
            .field("env", &self.env.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("flags", &self.flags)
            .field("runtime", &self.runtime.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The variable of a field: `MAINSTAY_SERVER_LISTEN`.
pub(crate) fn variable(section: &Section, field: &str) -> String {
    format!("{PREFIX}{}", section.key(field).replace('.', "_").to_ascii_uppercase())
}
