//! The house in one process, from the edge inwards, on a database of its own.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use config::Settings;
use db::{Db, Engine};
use types::{Clock, Time};
use web::edge::{self, Edge};
use web::{App, Extensions, Faults, Keys, Parts, System};

use crate::client::Client;
use crate::database::TestDatabase;

/// A running house. Its clock stands still until a test moves it.
pub struct TestApp {
    pub app: App,
    pub faults: Faults,
    pub(crate) edge: Edge,
    pub(crate) people: Arc<AtomicU32>,
    database: Arc<TestDatabase>,
}

/// Cheap passwords, limits that only the tests of limits meet, and `peers::OUTSIDE` as an address that may be reached.
const SETTINGS: &str = r#"
public_workspace = "main"

[limits]
signed_in = 1000000
anonymous = 1000000
sign_in = 1000000
refresh = 1000000

[outbound]
allow = ["127.0.0.2/32"]

[identity]
password_memory_kib = 64
password_passes = 1
"#;

const START: Time = Time::from_millis(1_780_000_000_000);

impl TestApp {
    pub async fn start(engine: Engine, systems: Vec<System>) -> Self {
        Self::with(engine, systems, SETTINGS).await
    }

    /// With settings of its own, in the words of the settings file.
    pub async fn with(engine: Engine, systems: Vec<System>, settings: &str) -> Self {
        let settings = Settings::of_text(&web::sections(&systems), settings).expect("settings of a test");
        Self::of(engine, systems, settings).await
    }

    /// With settings that were put together from other layers than a file.
    pub async fn of(engine: Engine, systems: Vec<System>, settings: Settings) -> Self {
        let clock = Clock::standing(START);
        let database = TestDatabase::fresh(engine, web::migrations(&systems), clock).await;
        Self::on(Arc::new(database), None, systems, settings)
    }

    /// A second node on the same PostgreSQL database, with a memory of its own; by way of a proxy if one is given.
    pub async fn beside(&self, through: Option<&peers::Proxy>) -> Self {
        let db = self.database.open_again(through).await;
        // The first is the request's own, which every app brings along.
        let systems = self.app.systems()[1..].to_vec();
        let mut node = Self::on(Arc::clone(&self.database), Some(db), systems, self.app.settings().clone());
        node.people = Arc::clone(&self.people);
        node
    }

    /// The same house begun anew on its database, with nothing in its memory. As after a crash, if this one was cut off.
    #[must_use]
    pub fn again(&self) -> Self {
        let systems = self.app.systems()[1..].to_vec();
        let mut node = Self::on(Arc::clone(&self.database), None, systems, self.app.settings().clone());
        node.people = Arc::clone(&self.people);
        node
    }

    fn on(database: Arc<TestDatabase>, db: Option<Db>, systems: Vec<System>, settings: Settings) -> Self {
        let db = db.unwrap_or_else(|| database.db.clone());
        let tasks = tasks::TaskGroup::new();
        let faults = Faults::default();
        let outbound = outbound::Outbound::new(&settings, db.clock().clone());
        let parts = Parts {
            journal: journal::Journal::start(&db, &tasks),
            db,
            settings,
            tasks,
            counters: cache::Counters::in_memory(100_000),
            outbound: outbound.expect("settings of outbound that can be followed"),
            keys: Keys::new(b"the secret of a test installation"),
            authenticate: None,
            directory: None,
            extensions: Extensions::default(),
            faults: faults.clone(),
            systems,
        };
        let app = App::new(parts).expect("systems that fit together");
        let options = edge::Options { clock: app.clock().clone(), ..edge::Options::default() };
        let edge = Edge::new(options, app.router());
        Self { app, faults, edge, people: Arc::default(), database }
    }

    /// From here on jobs run in this house, with measures that fit a test.
    pub async fn work(&self) {
        let kinds = web::jobs(&self.app).expect("kinds of different names");
        let options = queue::Options {
            beat: Duration::from_millis(100),
            lease: Duration::from_secs(2),
            poll: Duration::from_millis(100),
            grace: Duration::from_millis(500),
            ..queue::Options::default()
        };
        let queue = queue::Queue::start(self.db(), self.app.tasks(), kinds, self.app.clone(), options).await;
        let schedules = self.app.systems().iter().flat_map(|system| system.schedules.iter().cloned());
        queue.expect("a queue").schedule(schedules.collect()).expect("schedules that come");
    }

    /// Somebody without a credential.
    pub fn anonymous(&self) -> Client {
        Client::new(self.edge.clone())
    }

    pub fn db(&self) -> &Db {
        self.app.db()
    }

    pub fn clock(&self) -> &Clock {
        self.app.clock()
    }
}
