//! Where a server's data lies while its processes come and go.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use peers::{Database, Folder, Postgres};

use crate::server::Server;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A data folder and a database, with the settings that each start gets.
pub struct Place {
    pub engine: Engine,
    /// Field order is drop order: the database goes before its folder.
    database: Option<Database>,
    folder: Folder,
    variables: Vec<(String, String)>,
}

impl Place {
    /// On the server of this test process.
    pub fn on(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::made(engine, None),
            Engine::Postgres => Self::on_server(peers::postgres()),
        }
    }

    /// On a PostgreSQL that the test may stop.
    pub fn on_server(server: &Postgres) -> Self {
        Self::made(Engine::Postgres, Some(server.fresh_database()))
    }

    fn made(engine: Engine, database: Option<Database>) -> Self {
        let mut place = Self { engine, database, folder: Folder::new(), variables: Vec::new() };
        make_private(&place.data());
        // One caller does here what is meant for hundreds; the limits have tests of their own.
        place.set("MAINSTAY_LIMITS_SIGNED_IN", "1000000");
        place.set("MAINSTAY_LIMITS_ANONYMOUS", "1000000");
        place.set("MAINSTAY_LOG_LEVEL", "warn");
        if let Some(url) = place.database.as_ref().map(|database| database.url.clone()) {
            place.set("MAINSTAY_DATABASE_URL", &url);
            // Nodes of one installation have one secret.
            place.set("MAINSTAY_SERVER_SECRET", "a secret that all nodes of a trial share");
        }
        place
    }

    /// A variable of every process that is started here: a setting, `FAILPOINTS`, `LD_PRELOAD`. An empty value takes it out.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.variables.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Starts a server and waits until it is ready.
    pub fn start(&self) -> Server {
        self.start_with(&[])
    }

    /// The same with variables for this one process.
    pub fn start_with(&self, more: &[(&str, &str)]) -> Server {
        let server = self.spawn(&self.data(), more);
        server.wait_ready(Duration::from_secs(30));
        server
    }

    /// The folder of another process on the same database.
    pub fn data_of(&self, node: &str) -> PathBuf {
        let data = self.folder.join(node);
        make_private(&data);
        data
    }

    /// Starts a process and does not wait.
    pub fn spawn(&self, data: &Path, more: &[(&str, &str)]) -> Server {
        let own = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Server::spawn(data, &self.log(), own.chain(more.iter().copied()))
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A file beside the data, for logs and reports.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What all processes have said.
    pub fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// What the verifier opens: a file of SQLite, or an address of PostgreSQL.
    pub fn database(&self) -> String {
        match &self.database {
            Some(database) => database.url.clone(),
            None => self.data().join("mainstay.db").display().to_string(),
        }
    }
}

/// The server refuses a data folder that others may look into.
fn make_private(folder: &Path) {
    DirBuilder::new().mode(0o700).create(folder).expect("a new folder takes another");
}
