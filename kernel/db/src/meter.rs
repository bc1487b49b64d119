//! The figures this crate gives out, each named once.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Gauge, Histogram};
use parking_lot::RwLock;
use telemetry::metrics::{Meaning, counter, gauge, histogram};
use tokio::time::Instant;

/// What the numbers of this crate mean.
pub const METRICS: &[Meaning] = &[
    histogram("db_commit_seconds", "From the start of a transaction to its durable end, by engine."),
    histogram("db_group_size", "Writes that shared one commit, by engine."),
    counter("db_commit_failures_total", "Commits that failed, by engine."),
    histogram("db_read_seconds", "Reads, from asking to the last row, by engine."),
    gauge("db_queue_waiting", "Writes and reads that wait for their turn, by engine and queue."),
    counter(
        "db_reruns_total",
        "Writes that ran again, by engine and reason: conflict, lost connection or stale plan.",
    ),
    gauge("db_pool_connections", "Open connections to PostgreSQL, by pool."),
    gauge("db_pool_available", "Connections to PostgreSQL that nobody uses now, by pool."),
];

/// The figures of one engine. What every unit moves is looked up once: that costs more than counting.
pub(crate) struct Meter {
    engine: &'static str,
    commits: OnceLock<Histogram>,
    groups: OnceLock<Histogram>,
    reads: OnceLock<Histogram>,
    waiting: RwLock<Vec<(&'static str, Gauge)>>,
}

pub(crate) static SQLITE: Meter = Meter::new("sqlite");
pub(crate) static POSTGRES: Meter = Meter::new("postgres");

impl Meter {
    const fn new(engine: &'static str) -> Self {
        Self {
            engine,
            commits: OnceLock::new(),
            groups: OnceLock::new(),
            reads: OnceLock::new(),
            waiting: RwLock::new(Vec::new()),
        }
    }

    /// From the start of a transaction to its durable end.
    pub(crate) fn committed(&self, started: Instant, units: usize) {
        let commits = || metrics::histogram!("db_commit_seconds", "engine" => self.engine);
        self.commits.get_or_init(commits).record(started.elapsed());
        let groups = || metrics::histogram!("db_group_size", "engine" => self.engine);
        #[expect(clippy::cast_precision_loss, reason = "a group has few units")]
        self.groups.get_or_init(groups).record(units as f64);
    }

    pub(crate) fn commit_failed(&self) {
        metrics::counter!("db_commit_failures_total", "engine" => self.engine).increment(1);
    }

    pub(crate) fn read(&self, took: Duration) {
        let reads = || metrics::histogram!("db_read_seconds", "engine" => self.engine);
        self.reads.get_or_init(reads).record(took);
    }

    #[expect(clippy::cast_precision_loss, reason = "a queue has few thousand places")]
    pub(crate) fn waiting(&self, what: &'static str, units: usize) {
        let known = self.waiting.read();
        if let Some((_, gauge)) = known.iter().find(|(name, _)| *name == what) {
            return gauge.set(units as f64);
        }
        drop(known);
        let gauge = metrics::gauge!("db_queue_waiting", "engine" => self.engine, "queue" => what);
        gauge.set(units as f64);
        self.waiting.write().push((what, gauge));
    }

    /// A unit ran again: because of others (`conflict`), a lost connection (`lost`) or an old plan (`stale`).
    pub(crate) fn again(&self, reason: &'static str) {
        metrics::counter!("db_reruns_total", "engine" => self.engine, "reason" => reason).increment(1);
    }

    #[expect(clippy::cast_precision_loss, reason = "a pool has few connections")]
    pub(crate) fn pool(&self, name: &'static str, size: usize, available: usize) {
        metrics::gauge!("db_pool_connections", "engine" => self.engine, "pool" => name).set(size as f64);
        metrics::gauge!("db_pool_available", "engine" => self.engine, "pool" => name).set(available as f64);
    }
}
