//! A campaign: one server killed again and again, at random moments and at named points, while writers go on.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::binary::commit;
use crate::ledger::Ledger;
use crate::place::Place;
use crate::server::Server;
use crate::verdict::{Verdict, verify};
use crate::writers::{Load, Tally, Target, Writers};

/// Fixes what the campaign does by chance.
const SEED: &str = "MAINSTAY_TEST_SEED";
/// A point is passed fewer than two to this power times before the process dies there: soon as often as late.
const PASSES: u32 = 9;
/// A process that was to die at a point and does not come to it is killed after this.
const PATIENCE: Duration = Duration::from_secs(2);

const STALLED: Duration = Duration::from_mins(2);
const START: Duration = Duration::from_secs(30);

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
    nodes: Vec<Node>,
}

/// A process of the installation, or the gap that it left.
struct Node {
    data: PathBuf,
    server: Option<Server>,
    /// Whether it was told to die at a point.
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
            nodes: vec![Node { data: place.data(), server: Some(server), armed: false }],
            place,
        }
    }

    /// One more process on the same database.
    pub fn join(&mut self) {
        let data = self.place.data_of(&format!("node{}", self.nodes.len()));
        self.nodes.push(Node { data, server: None, armed: false });
        self.next(self.nodes.len() - 1, &[]);
    }

    pub fn write(&self, load: Load) -> Writers {
        Writers::begin(&self.target, &self.ledger, load)
    }

    /// Waits until so many more were acknowledged, the writers are done, or a server has died at its point.
    ///
    /// # Panics
    /// When none of this comes.
    pub fn wait(&mut self, writers: &Writers, more: u64) {
        let (began, until) = (Instant::now(), writers.acked() + more);
        let mut died = false;
        while !died && !writers.are_done() && writers.acked() < until {
            assert!(began.elapsed() < STALLED, "the writers do not go on");
            std::thread::sleep(Duration::from_millis(5));
            let living = self.nodes.iter_mut().filter_map(|node| node.server.as_mut());
            died = living.fold(false, |died, server| died | server.wait_end(Duration::ZERO).is_some());
        }
    }

    /// Lets one of the servers live for a moment, has it die, and starts it again.
    pub fn cycle(&mut self, points: &[&str]) {
        let gone = self.nodes.iter_mut().position(|node| {
            node.server.as_mut().is_none_or(|server| server.wait_end(Duration::ZERO).is_some())
        });
        let node = gone.unwrap_or_else(|| self.chance.random_range(0..self.nodes.len()));
        let moment = Duration::from_millis(self.chance.random_range(5..200));
        self.die(node, moment);
        self.next(node, points);
    }

    /// The end of a process: at the point that it was armed with, else by SIGKILL after a moment.
    pub fn die(&mut self, node: usize, moment: Duration) {
        let Some(mut server) = self.nodes[node].server.take() else { return };
        if self.nodes[node].armed && server.wait_end(PATIENCE).is_some() {
            self.at_points += 1;
        } else {
            std::thread::sleep(moment);
            server.kill();
        }
        self.count_kill();
        self.retarget();
    }

    /// Starts the next process there: half of them to die at one of the points.
    pub fn next(&mut self, node: usize, points: &[&str]) {
        let armed = !points.is_empty() && self.chance.random_bool(0.5);
        let started = if armed { self.start_armed(node, points) } else { None };
        self.nodes[node].armed = started.is_some();
        let server = started.unwrap_or_else(|| {
            let server = self.place.spawn(&self.nodes[node].data, &[]);
            server.wait_ready(START);
            server
        });
        self.nodes[node].server = Some(server);
        self.retarget();
    }

    /// `None` when its start came to the point.
    fn start_armed(&mut self, node: usize, points: &[&str]) -> Option<Server> {
        let point = points[self.chance.random_range(0..points.len())];
        let most = 1_u32 << self.chance.random_range(0..PASSES);
        let passes = self.chance.random_range(0..most);
        let failpoints = format!("{};{point}={passes}*off->return", self.fault);
        let failpoints = [("FAILPOINTS", failpoints.trim_matches(';'))];
        let server = self.place.spawn(&self.nodes[node].data, &failpoints);
        if server.ready_or_gone(START) {
            return Some(server);
        }
        self.count_kill();
        self.at_points += 1;
        None
    }

    /// Holds a process for so long that the others take it for dead, then lets it go on.
    pub fn stall(&mut self, node: usize, span: Duration) {
        let Some(server) = self.nodes[node].server.take() else { return };
        self.retarget();
        // Nobody asks it any more; what it runs goes on until it is held.
        std::thread::sleep(Duration::from_millis(20));
        server.signal("STOP");
        self.ledger.killed();
        std::thread::sleep(span);
        self.ledger.killed();
        server.signal("CONT");
        self.nodes[node].server = Some(server);
        self.retarget();
    }

    fn count_kill(&mut self) {
        self.ledger.killed();
        self.kills += 1;
    }

    fn retarget(&self) {
        let living = self.nodes.iter().filter_map(|node| node.server.as_ref());
        self.target.set(&living.map(|server| server.address).collect::<Vec<_>>());
    }

    /// Waits until the server that runs is ready again.
    ///
    /// # Panics
    /// When it is not within `limit`.
    pub fn wait_ready(&self, limit: Duration) {
        self.nodes[0].server.as_ref().expect("a server runs").wait_ready(limit);
    }

    /// Waits until no job is left to be done; tells how long that took. How long is the machine's affair. What may not be is a
    /// job in the hands of a dead process once another has lived for `limit`, or a queue from which nothing is done for as long.
    ///
    /// # Panics
    /// When there is one.
    pub fn wait_jobs(&self, limit: Duration) -> Duration {
        let began = Instant::now();
        let (mut fewest, mut since) = (u64::MAX, began);
        loop {
            let (left, held) = crate::verdict::jobs_left(&self.place);
            if left == 0 {
                return began.elapsed();
            }
            let watched = began.elapsed();
            assert!(watched < limit || held < limit, "a job has been held for {held:?}, and {left} are left");
            if left < fewest {
                (fewest, since) = (left, Instant::now());
            }
            assert!(since.elapsed() < limit, "{left} jobs are stuck after {limit:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Ends with one more kill, has the verifier look, and tells what was done.
    pub fn finish(&mut self, tally: &Tally) -> Verdict {
        for node in 0..self.nodes.len() {
            self.nodes[node].armed = false;
            self.die(node, Duration::ZERO);
        }
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
        if !verdict.violations.is_empty() && self.fault.is_empty() {
            let kept = std::env::temp_dir().join(format!("mainstay-crash-{}-{}", self.name, self.seed));
            self.place.keep(&kept);
            peers::tell(&format!("what is left of it lies in {}", kept.display()));
        }
        verdict
    }
}
