//! Where the database is and how much of the machine it may take. Everything has a default but the place.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use types::Clock;

use crate::{Engine, Error};

/// How often SQLite waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// Every commit is on the disk before it is acknowledged: survives power loss.
    #[default]
    Full,
    /// Survives a killed process; power loss may take the last commits.
    Normal,
}

#[derive(Clone)]
pub struct Options {
    /// `sqlite` (a file in the data folder), `sqlite:NAME` (another file), or `postgres://...` with an optional
    /// `sslmode`: `disable`, or `require`, `verify-ca` and `verify-full`, which all mean that the server's certificate and
    /// name are verified.
    pub url: String,
    /// The data folder; only SQLite keeps something in it.
    pub folder: PathBuf,
    pub clock: Clock,
    /// Threads that run lists, searches and aggregates on SQLite.
    pub readers: usize,
    /// Connections to PostgreSQL, half of them for reads (at least one each).
    pub pool: usize,
    /// How many units may wait before more are refused with 503.
    pub queue: usize,
    /// How many waiting units share one commit on SQLite.
    pub group: usize,
    /// How long a unit may wait to start (SQLite), or take in all (PostgreSQL, and reads on both).
    pub deadline: Duration,
    /// How long SQLite waits for another process that holds the file.
    pub busy_timeout: Duration,
    /// How long making a connection to PostgreSQL may take.
    pub connect_timeout: Duration,
    /// How long PostgreSQL lets one statement run, or a transaction stand idle.
    pub statement_timeout: Duration,
    pub synchronous: Synchronous,
}

impl Options {
    pub fn new(url: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        Self {
            url: url.into(),
            folder: folder.into(),
            clock: Clock::system(),
            readers: 4,
            pool: 16,
            queue: 1024,
            group: 64,
            deadline: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            synchronous: Synchronous::Full,
        }
    }

    pub fn engine(&self) -> Result<Engine, Error> {
        if self.url == "sqlite" || self.url.starts_with("sqlite:") {
            Ok(Engine::Sqlite)
        } else if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            Ok(Engine::Postgres)
        } else {
            // The text may hold a password that was put in the wrong place, so it is not repeated.
            Err(Error::Options("the database is named `sqlite`, `sqlite:FILE` or `postgres://...`".into()))
        }
    }

    /// The file of SQLite.
    pub(crate) fn file(&self) -> PathBuf {
        let name = self.url.strip_prefix("sqlite:").unwrap_or("");
        let name = name.strip_prefix("//").unwrap_or(name);
        self.folder.join(if name.is_empty() { Path::new("mainstay.db") } else { Path::new(name) })
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("engine", &self.engine().ok())
            .field("folder", &self.folder)
            .field("readers", &self.readers)
            .field("pool", &self.pool)
            .field("queue", &self.queue)
            .field("group", &self.group)
            .field("deadline", &self.deadline)
            .field("synchronous", &self.synchronous)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_follows_from_the_url() {
        assert_eq!(Options::new("sqlite", "/data").engine().ok(), Some(Engine::Sqlite));
        assert_eq!(Options::new("postgresql://h/d", "/data").engine().ok(), Some(Engine::Postgres));
        let refused = Options::new("mysql://owner:secret@h/d", "/data").engine();
        assert!(!refused.expect_err("not ours").to_string().contains("secret"));
    }

    #[test]
    fn a_relative_file_lies_in_the_data_folder() {
        assert_eq!(Options::new("sqlite", "/data").file(), Path::new("/data/mainstay.db"));
        assert_eq!(Options::new("sqlite:other.db", "/data").file(), Path::new("/data/other.db"));
        assert_eq!(Options::new("sqlite:/elsewhere/x.db", "/data").file(), Path::new("/elsewhere/x.db"));
    }

    #[test]
    fn a_password_is_not_shown() {
        let options = Options::new("postgres://owner:secret@localhost/mainstay", "/data");
        assert!(!format!("{options:?}").contains("secret"));
    }
}
