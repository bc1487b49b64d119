//! A campaign: one server killed again and again, at random moments and at named points, while writers go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::binary::commit;
use crate::ledger::Ledger;
use crate::place::{Engine, Place};
use crate::server::Server;
use crate::verdict::{Verdict, verify};
use crate::writers::{Load, Tally, Target, Writers};

/// Fixes what the campaign does by chance.
const SEED: &str = "MAINSTAY_TEST_SEED";
/// A point is passed at most so often before the process dies there.
const PASSES: u32 = 200;
/// A process that was to die at a point and does not come to it is killed after this.
const PATIENCE: Duration = Duration::from_secs(2);

/// The points of a write.
pub const WRITE_POINTS: &[&str] =
    &["trial.row", "trial.event", "db.before_commit", "db.after_commit", "trial.committed"];
/// The points of a job.
pub const JOB_POINTS: &[&str] =
    &["job.claimed", "job.delivered", "job.effect", "job.finished", "db.before_commit", "db.after_commit"];

/// What runs, and what was done to it.
pub struct Campaign {
    pub name: &'static str,
    pub place: Place,
    pub target: Arc<Target>,
    pub ledger: Arc<Ledger>,
    pub chance: StdRng,
    pub seed: u64,
    /// Kills in all, and how many of them at a point.
    pub kills: u32,
    pub at_points: u32,
    /// Planted in every process: `db.ack_before_commit=return`.
    fault: String,
    server: Option<Server>,
    armed: bool,
}

impl Campaign {
    /// A fresh installation that is set up, with a fault planted in its binary unless that is empty.
    pub fn begin(name: &'static str, mut place: Place, fault: &str) -> Self {
        let seed = std::env::var(SEED).ok().and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or_else(rand::random);
        let server = place.start();
        let target = Target::new(server.set_up());
        // What breaks the house must not break its setup.
        server.kill();
        place.set("FAILPOINTS", fault);
        let server = place.start();
        target.set(&[server.address]);
        let ledger = Arc::new(Ledger::new(place.beside("ledger")));
        Self {
            name,
            target,
            ledger,
            chance: StdRng::seed_from_u64(seed),
            seed,
            kills: 0,
            at_points: 0,
            fault: fault.to_owned(),
            server: Some(server),
            armed: false,
            place,
        }
    }

    pub fn write(&self, load: Load) -> Writers {
        Writers::begin(&self.target, &self.ledger, load)
    }

    /// Lets the server live for a moment, has it die, and starts the next one.
    pub fn cycle(&mut self, points: &[&str]) {
        let moment = Duration::from_millis(self.chance.random_range(5..200));
        self.die(moment);
        self.next(points);
    }

    /// The end of the process that runs: at the point that it was armed with, else by SIGKILL after a moment.
    pub fn die(&mut self, moment: Duration) {
        let Some(mut server) = self.server.take() else { return };
        if self.armed && server.wait_end(PATIENCE).is_some() {
            self.at_points += 1;
        } else {
            std::thread::sleep(moment);
            server.kill();
        }
        self.ledger.killed();
        self.kills += 1;
    }

    /// Starts the next process: half of them to die at one of the points.
    pub fn next(&mut self, points: &[&str]) {
        self.armed = !points.is_empty() && self.chance.random_bool(0.5);
        if self.armed {
            let point = points[self.chance.random_range(0..points.len())];
            let passes = self.chance.random_range(0..PASSES);
            let failpoints = format!("{};{point}={passes}*off->return", self.fault);
            let server = self.place.spawn(&self.place.data(), &[("FAILPOINTS", failpoints.trim_matches(';'))]);
            if server.ready_or_gone(Duration::from_secs(30)) {
                self.target.set(&[server.address]);
                self.server = Some(server);
                return;
            }
            // The start came to the point.
            self.ledger.killed();
            self.kills += 1;
            self.at_points += 1;
            self.armed = false;
        }
        let server = self.place.start();
        self.target.set(&[server.address]);
        self.server = Some(server);
    }

    /// Waits until the server that runs is ready again.
    ///
    /// # Panics
    /// When it is not within `limit`.
    pub fn wait_ready(&self, limit: Duration) {
        self.server.as_ref().expect("a server runs").wait_ready(limit);
    }

    /// Waits until no job is left to be done; tells how long that took.
    ///
    /// # Panics
    /// When some are left after `limit`.
    pub fn wait_jobs(&self, limit: Duration) -> Duration {
        let began = Instant::now();
        loop {
            let left = crate::verdict::jobs_left(&self.place);
            if left == 0 {
                return began.elapsed();
            }
            assert!(began.elapsed() < limit, "{left} jobs are stuck after {limit:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Ends with one more kill, has the verifier look, and tells what was done.
    pub fn finish(&mut self, tally: &Tally) -> Verdict {
        self.armed = false;
        self.die(Duration::ZERO);
        let verdict = verify(&self.place, &self.ledger);
        peers::tell(&format!(
            "{} on {}: commit {}, seed {}, {} kills of which {} at points, {} acks ({} replayed), {} refused, {} requests \
             broken, longest {} ms; {}",
            self.name,
            self.place.engine.name(),
            commit(),
            self.seed,
            self.kills,
            self.at_points,
            tally.acked,
            tally.replayed,
            tally.refused,
            tally.broken,
            tally.longest.as_millis(),
            verdict.counts,
        ));
        verdict
    }
}

/// Both engines, for a test that runs on each.
pub const BOTH: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];
