//! What can be wrong with an installation, and looking for it.
//!
//! Owns the list of checks and their order. Refuses to change anything: it looks, and says what to do.

mod access;
mod cache;
mod data;
mod machine;
mod mail;
mod settings;
mod sso;
mod store;
#[cfg(test)]
mod tests;
mod work;

pub(crate) use store::careless;

use std::path::PathBuf;

use futures_util::future::BoxFuture;

/// What a check found. The words are for people; the state decides the exit code.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub state: State,
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Lines of their own below the finding.
    pub lines: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Ok,
    Warn,
    Fail,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Finding {
    fn new(state: State, detail: impl Into<String>) -> Self {
        Self { state, detail: detail.into(), hint: None, lines: Vec::new() }
    }

    pub(crate) fn ok(detail: impl Into<String>) -> Self {
        Self::new(State::Ok, detail)
    }

    pub(crate) fn warn(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::new(State::Warn, detail) }
    }

    pub(crate) fn fail(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::new(State::Fail, detail) }
    }

    #[must_use]
    pub(crate) fn lines(mut self, lines: Vec<String>) -> Self {
        self.lines = lines;
        self
    }
}

/// What the checks look at.
pub(crate) struct Patient {
    pub settings: config::Settings,
    pub folder: PathBuf,
    /// Whether a server holds the data folder.
    pub running: bool,
    /// The database, or why there is none to look at.
    pub db: Result<db::Db, String>,
}

/// One check.
pub(crate) struct Check {
    pub group: &'static str,
    pub name: &'static str,
    pub run: for<'p> fn(&'p Patient) -> BoxFuture<'p, Finding>,
}

/// All of them, in the order in which they are printed.
pub(crate) const CHECKS: &[Check] = &[
    Check { group: "settings", name: "configuration", run: settings::configuration },
    Check { group: "settings", name: "secret", run: settings::secret },
    Check { group: "settings", name: "public url", run: settings::public_url },
    Check { group: "settings", name: "proxies", run: settings::proxies },
    Check { group: "data folder", name: "server", run: data::server },
    Check { group: "data folder", name: "owner and mode", run: data::owner },
    Check { group: "data folder", name: "space", run: data::space },
    Check { group: "data folder", name: "inodes", run: data::inodes },
    Check { group: "database", name: "reachable", run: store::reachable },
    Check { group: "database", name: "migrations", run: store::migrations },
    Check { group: "database", name: "integrity", run: store::integrity },
    Check { group: "database", name: "durability", run: store::durability },
    Check { group: "database", name: "jobs", run: work::jobs },
    Check { group: "database", name: "webhooks", run: work::webhooks },
    Check { group: "cache", name: "redis", run: cache::redis },
    Check { group: "machine", name: "open files", run: machine::open_files },
    Check { group: "machine", name: "memory", run: machine::memory },
    Check { group: "machine", name: "clock", run: machine::clock },
    Check { group: "mail", name: "server", run: mail::server },
    Check { group: "sign-in", name: "providers", run: sso::providers },
    Check { group: "access", name: "anonymous callers", run: access::anonymous },
];

/// Runs every check, one after another.
pub(crate) async fn examine(patient: &Patient) -> Vec<(&'static Check, Finding)> {
    let mut found = Vec::with_capacity(CHECKS.len());
    for check in CHECKS {
        found.push((check, (check.run)(patient).await));
    }
    found
}
