//! The stages of the start, in the order in which they run, and what they share.
//!
//! Owns the list and the shared context. How stages run and go back is `tasks::stages`. Every stage and what its failure
//! means has its entry in `docs/guide/stages.md`.

mod database;
mod door;
mod faults;
mod ground;
mod house;
mod listener;
mod options;
#[cfg(test)]
mod tests;
mod work;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tasks::TaskGroup;
use tasks::stages::{Graph, GraphError, Progress, Stage};
use web::App;
use web::edge::Probes;

pub(crate) use database::connect;
#[cfg(feature = "faults")]
pub(crate) use faults::plant;
pub(crate) use ground::{OWN_FILE, load_settings, sources};
pub(crate) use options::limits;

/// What the house is woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To answer requests.
    Serve,
    /// To run jobs beside servers, with a door for probes or without one.
    Worker { door: bool },
    /// For one command on the data: nothing listens.
    Command,
}

/// What the command line said.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub purpose: Purpose,
    /// The settings file.
    pub config: Option<PathBuf>,
    /// Settings given as flags.
    pub flags: Vec<config::Flag>,
    /// What is logged, when the command line said so.
    pub verbosity: Option<&'static str>,
    pub color: Option<bool>,
}

/// What the stages leave for each other.
pub(crate) struct House {
    pub wanted: Wanted,
    pub probes: Probes,
    /// Connections and the accept loop: they end before anything they use.
    pub connections: TaskGroup,
    /// Everything else that runs beside requests.
    pub tasks: TaskGroup,
    /// The queue and what it runs: it ends before the other tasks, which jobs may need.
    pub jobs: TaskGroup,
    pub settings: Option<config::Settings>,
    pub telemetry: Option<Telemetry>,
    pub folder: Option<PathBuf>,
    pub secret: Option<Vec<u8>>,
    pub door: Option<Arc<door::Door>>,
    pub db: Option<db::Db>,
    pub counters: Option<cache::Counters>,
    pub outbound: Option<outbound::Outbound>,
    pub journal: Option<journal::Journal>,
    pub app: Option<App>,
}

/// The log and the numbers.
#[derive(Clone)]
pub(crate) struct Telemetry {
    pub logs: telemetry::logs::Logs,
    pub metrics: telemetry::metrics::Metrics,
}

impl House {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            probes: Probes::new(env!("CARGO_PKG_VERSION")),
            connections: TaskGroup::new(),
            tasks: TaskGroup::new(),
            jobs: TaskGroup::new(),
            settings: None,
            telemetry: None,
            folder: None,
            secret: None,
            door: None,
            db: None,
            counters: None,
            outbound: None,
            journal: None,
            app: None,
        }
    }

    pub(crate) fn settings(&self) -> &config::Settings {
        self.settings.as_ref().expect("the graph runs `config` first")
    }

    pub(crate) fn folder(&self) -> &PathBuf {
        self.folder.as_ref().expect("the graph runs `data folder` first")
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.as_deref().expect("the graph runs `secret` first")
    }

    pub(crate) fn db(&self) -> &db::Db {
        self.db.as_ref().expect("the graph runs `database` first")
    }

    pub(crate) fn app(&self) -> &App {
        self.app.as_ref().expect("the graph runs `systems` first")
    }

    /// Where this process listens.
    pub(crate) fn listening(&self) -> Option<SocketAddr> {
        self.door.as_ref().map(|door| door.address)
    }

    /// What is told while the graph runs: `/ready` names the stage that is being waited for.
    pub(crate) fn observer(&self) -> impl Fn(Progress) + Send + Sync + use<> {
        let probes = self.probes.clone();
        move |progress| match progress {
            Progress::Starting { stage, number, of } => {
                probes.waiting_for(stage);
                tracing::debug!(stage, number, of, "stage begins");
            }
            Progress::Done { stage, took } => {
                let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                tracing::debug!(stage, ms, "stage is up");
            }
            Progress::Failed { stage } => tracing::debug!(stage, "stage failed"),
            Progress::Undoing { stage } => tracing::debug!(stage, "stage goes down"),
        }
    }
}

/// The stages for a purpose. Where prerequisites leave a choice, this list decides.
pub(crate) fn graph(purpose: Purpose) -> Result<Graph<House>, GraphError> {
    let mut stages = vec![
        Stage::new("config", &[], ground::config)
            .next_step("Correct the settings; `mainstay config check` looks at them without starting."),
        Stage::new("telemetry", &["config"], ground::telemetry),
        Stage::new("data folder", &["config"], ground::folder),
        Stage::new("secret", &["data folder"], ground::secret),
        Stage::new("database", &["config", "data folder"], database::open)
            .next_step("Look at database.url with `mainstay config explain database.url`, and at the database itself."),
        Stage::new("migrations", &["database"], database::migrate)
            .next_step("See what is missing with `mainstay migrate status`. Nothing was changed by the step that failed."),
        Stage::new("runtime settings", &["migrations", "telemetry"], house::runtime_settings),
        Stage::new("outbound", &["config"], house::outbound)
            .next_step("Correct the settings of `outbound`; `mainstay config explain outbound.ca_file` says what it can be."),
        Stage::new("cache", &["config", "secret", "telemetry"], house::cache)
            .next_step("Look at cache.url with `mainstay config explain cache.url`."),
        Stage::new("journal", &["migrations"], house::journal),
        Stage::new("systems", &["runtime settings", "secret", "cache", "outbound", "journal"], house::systems)
            .next_step("This is a mistake in Mainstay: report it with the log."),
    ];
    if purpose == Purpose::Command {
        return Graph::new(stages);
    }
    let door = purpose != Purpose::Worker { door: false };
    if door {
        // The door comes early, so that /health and /ready answer while the database is waited for.
        stages.insert(4, Stage::new("door", &["config", "telemetry", "data folder"], door::open));
    }
    stages.push(Stage::new("queue", &["systems"], work::queue));
    stages.push(Stage::new("upkeep", &["systems"], house::upkeep));
    stages.push(Stage::new("control", &["systems"], house::control));
    stages.push(
        Stage::new("final check", &["systems", "queue", "upkeep", "control"], house::final_check).next_step(
            "Something that was up a moment ago is not any more: see the cause, then start again.",
        ),
    );
    if door {
        stages.push(Stage::new("listener", &["door", "final check"], listener::open));
    }
    Graph::new(stages)
}
