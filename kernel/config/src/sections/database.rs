//! Which database, and how it is used.

use std::time::Duration;

use super::{at_least_one, not_zero};
use crate::{Secret, ServiceUrl};

crate::choice! {
    /// When SQLite reports a commit.
    pub enum Synchronous { #[default] Full = "full", Normal = "normal" }
}

crate::section! {
    /// Which database, and how it is used.
    pub struct Database as "database" {
        /// `sqlite` is the file mainstay.db in the data folder, `sqlite:/path/of.db` another, and
        /// `postgres://user@host/name` a PostgreSQL server.
        #[check(an_engine)]
        url: ServiceUrl = "sqlite",
        /// The password, where it does not stand in the url.
        password: Secret = "",
        /// SQLite: threads that read.
        #[check(up_to_64)]
        readers: u32 = 4,
        /// PostgreSQL: connections.
        #[check(at_least_one)]
        pool: u32 = 16,
        /// Writes that may wait for their turn; more are refused with 503.
        #[check(at_least_one)]
        queue: u32 = 1024,
        /// SQLite: writes that share one commit at most.
        #[check(at_least_one)]
        group: u32 = 64,
        /// SQLite: `full` survives power loss; `normal` may lose the last commits to it, and saves little.
        synchronous: Synchronous = "full",
        /// How long a start waits for a database that is not there yet.
        connect_wait: Duration = "60s",
        /// How long a request waits for a free connection or its turn.
        #[check(not_zero)]
        wait: Duration = "5s",
    }
}

impl Database {
    pub fn is_sqlite(&self) -> bool {
        self.url.scheme() == "sqlite"
    }
}

fn an_engine(url: &ServiceUrl) -> Result<(), String> {
    match url.scheme() {
        "sqlite" if !url.expose().contains('?') => Ok(()),
        "postgres" | "postgresql" if !url.host().is_empty() => Ok(()),
        _ => Err("expected sqlite, sqlite:/path/of.db or postgres://user@host/name".to_owned()),
    }
}

fn up_to_64(threads: &u32) -> Result<(), String> {
    if (1..=64).contains(threads) { Ok(()) } else { Err("must be from 1 to 64".to_owned()) }
}
