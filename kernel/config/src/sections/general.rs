//! What concerns the installation as a whole.

use std::path::PathBuf;

use super::{Cache, Database, Storage};
use crate::{Mistake, Settings};

crate::choice! {
    /// How strict the installation is.
    pub enum Mode { #[default] Production = "production", Development = "development" }
}

crate::section! {
    /// What concerns the installation as a whole. These stand above the first `[section]` of the file.
    pub struct General as "" {
        /// `production` refuses short secrets and CORS origins without https. `development` is for one's own machine:
        /// it serves the interactive reference at /docs.
        mode: Mode = "production",
        /// The data folder. One process holds it at a time.
        data: PathBuf = "data",
        /// How many server processes share this installation. Only 1 is possible while the database is SQLite, files lie on
        /// a local disk or limits are counted in memory. It does not start processes.
        #[check(some)]
        workers: u32 = 1,
        /// The workspace that callers see who are not signed in, by its slug or id. Without it they see none.
        #[runtime]
        public_workspace: Option<String> = none,
    }
    check = workers;
}

fn some(count: &u32) -> Result<(), String> {
    if *count == 0 { Err("expected 1; there is no server without a process".to_owned()) } else { Ok(()) }
}

impl General {
    pub fn is_production(&self) -> bool {
        self.mode == Mode::Production
    }
}

fn workers(settings: &Settings) -> Vec<Mistake> {
    let count = settings.get::<General>().workers;
    if count <= 1 {
        return Vec::new();
    }
    let refuse = |reason: &str, hint: &str| {
        let given = &["database.url", "storage.url", "cache.url"];
        Mistake::new("workers", format!("{count} processes can not share this installation: {reason}"))
            .hint(hint)
            .given(given)
    };
    let alone = "set workers = 1 (one process uses every core)";
    if settings.find::<Database>().is_none_or(|database| database.is_sqlite()) {
        let hint = format!(
            "{alone}, or set database.url to a postgres:// address, storage.url to s3:// and cache.url to redis://"
        );
        return vec![refuse("SQLite belongs to one process", &hint)];
    }
    if settings.find::<Storage>().is_none_or(|storage| storage.is_local()) {
        return vec![refuse("files on a local disk are seen by one node only", alone)];
    }
    if settings.find::<Cache>().is_none_or(|cache| cache.in_memory()) {
        return vec![refuse("limits counted in memory are counted by each process alone", alone)];
    }
    Vec::new()
}
