//! Where a value came from.

use std::fmt;

use serde::{Serialize, Serializer};

/// Where a value came from, lowest layer first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Origin {
    /// Built in.
    #[default]
    Default,
    /// The settings file, with the line where that is known.
    File { path: String, line: Option<usize> },
    /// Changed at run time and kept in the database.
    Database,
    /// An environment variable, by its name.
    Env(String),
    /// A flag on the command line, as it is typed.
    Flag(String),
}

impl Origin {
    /// What has to be changed before a run-time setting can have an effect: the variable or the flag.
    pub fn lock(&self) -> Option<String> {
        match self {
            Self::Env(_) | Self::Flag(_) => Some(self.to_string()),
            Self::Default | Self::File { .. } | Self::Database => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: Some(line) } => write!(f, "file {path}:{line}"),
            Self::File { path, line: None } => write!(f, "file {path}"),
            Self::Database => f.write_str("database"),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
