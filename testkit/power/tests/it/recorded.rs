//! A server's life in a record, and the power cuts that are made of it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use peers::Folder;
use power::{Ack, Act, Disk, Keeps, Load, Outcome, Record, Server, Verifier, acks, report};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// A folder that is a disk, what is recorded of it, and what it began with.
pub(crate) struct Bench {
    pub(crate) folder: Folder,
    pub(crate) record: Record,
    /// What was acknowledged, in the order of the record.
    pub(crate) acks: Vec<Ack>,
    pub(crate) set_up: Option<usize>,
    /// What lay on the disk, safely, before the record begins.
    base: Option<PathBuf>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = Folder::new();
        std::fs::create_dir(folder.join("disk")).unwrap();
        Self { folder, record: Record::default(), acks: Vec::new(), set_up: None, base: None }
    }

    /// One that begins with an installation that was set up and stopped.
    pub(crate) fn on(installation: &Path) -> Self {
        let mut bench = Self::new();
        copy(installation, &bench.data());
        bench.base = Some(installation.to_owned());
        bench
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.folder.join("disk")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.disk().join("data")
    }

    /// Adds a record of strace.
    pub(crate) fn add(&mut self, file: &Path) {
        let lines = String::from_utf8(std::fs::read(file).unwrap()).unwrap();
        self.record.add(lines.lines().map(str::to_owned), &self.disk());
        (self.acks, self.set_up) = acks(&self.record);
    }

    pub(crate) fn secret(&self) -> Option<String> {
        let secret = std::fs::read_to_string(self.data().join("secret.key")).ok()?;
        Some(secret.trim().to_owned())
    }

    /// How often the WAL was written into the database after the first acknowledgement.
    pub(crate) fn checkpoints(&self) -> usize {
        let first = self.acks.first().map_or(0, |ack| ack.at);
        let synced = |step: &power::Step| match *step {
            power::Step::Ended(call) => {
                matches!(&self.record.calls[call].act, Act::Sync { path } if path.ends_with("mainstay.db"))
            }
            power::Step::Began(_) => false,
        };
        self.record.steps.iter().skip(first).filter(|step| synced(step)).count()
    }

    /// What is wrong after so many power cuts, each at a moment of its own.
    pub(crate) fn cuts(&self, count: usize, seed: u64) -> Vec<String> {
        let mut verifier = Verifier::start();
        let mut wrong = Vec::new();
        for keeps in [Keeps::NamesByFolder, Keeps::NamesInOrder] {
            let mut chance = StdRng::seed_from_u64(seed);
            let mut disk = self.disk_at_the_beginning(keeps, seed);
            let mut followed = 0;
            for at in self.moments(count / 2, &mut chance) {
                for step in &self.record.steps[followed..at] {
                    disk.follow(*step, &self.record.calls);
                }
                followed = at;
                let into = self.fresh("cut");
                disk.cut(&self.disk(), &into, &mut chance);
                let set_up = self.base.is_some() || self.set_up.is_some_and(|set_up| set_up < at);
                let acks = self.acks.iter().filter(|ack| ack.at < at);
                let found = verifier.look(&into.join("data"), set_up, self.secret().as_deref(), acks);
                wrong.extend(found.into_iter().map(|what| format!("{keeps:?}, cut at step {at}: {what}")));
            }
        }
        wrong
    }

    pub(crate) fn disk_at_the_beginning(&self, keeps: Keeps, seed: u64) -> Disk {
        let mut disk = Disk::new(keeps, StdRng::seed_from_u64(seed));
        if let Some(base) = &self.base {
            disk.load(base, &self.data());
        }
        disk
    }

    /// Moments in order: anywhere, and, where it hurts, right after an acknowledgement left.
    fn moments(&self, count: usize, chance: &mut StdRng) -> Vec<usize> {
        let steps = self.record.steps.len();
        let mut moments: Vec<_> = (0..count)
            .map(|number| {
                if number % 3 == 0 || self.acks.is_empty() {
                    chance.random_range(0..=steps)
                } else {
                    self.acks[chance.random_range(0..self.acks.len())].at + 1
                }
            })
            .collect();
        moments.push(steps);
        moments.sort_unstable();
        moments
    }

    /// Starts the real server on what a cut left, and asks it again for what it has acknowledged.
    pub(crate) fn ask_after_a_cut(&self, seed: u64) {
        let mut chance = StdRng::seed_from_u64(seed);
        let ack = &self.acks[chance.random_range(1..self.acks.len())];
        let mut disk = self.disk_at_the_beginning(Keeps::NamesByFolder, seed);
        for step in &self.record.steps[..=ack.at] {
            disk.follow(*step, &self.record.calls);
        }
        let into = self.fresh("asked");
        disk.cut(&self.disk(), &into, &mut chance);
        let mut server = Server::spawn(&into.join("data"), None, &[]);
        server
            .wait_ready()
            .unwrap_or_else(|code| panic!("seed {seed}: it ends with {code}\n{}", server.said()));
        let bearer = server.sign_in();
        let before: Vec<_> = self.acks.iter().filter(|one| one.at <= ack.at).collect();
        for ack in before.iter().rev().take(10) {
            let again = report(&mut crash::Client::new(server.address), &bearer, &ack.description).unwrap();
            let id = again.json()["id"].as_str().map(str::to_owned);
            assert_eq!((again.status, id.as_deref()), (200, Some(ack.id.as_str())), "seed {seed}: {again:?}");
        }
        assert_eq!(server.stop(), 0);
    }

    fn fresh(&self, name: &str) -> PathBuf {
        let into = self.folder.join(name);
        let _ = std::fs::remove_dir_all(&into);
        std::fs::create_dir(&into).unwrap();
        into
    }
}

/// A server's life from nothing: setup, load, stop.
pub(crate) fn from_nothing(load: Load) -> (Bench, Outcome) {
    let mut bench = Bench::new();
    let record = bench.folder.join("record");
    let mut server = Server::spawn(&bench.data(), Some((&record, &[])), &[]);
    server.wait_ready().unwrap_or_else(|code| panic!("it ends with {code}\n{}", server.said()));
    server.set_up();
    let bearer = server.sign_in();
    let outcome = load.run(server.address, &bearer, &AtomicBool::new(false));
    server.stop();
    bench.add(&record);
    (bench, outcome)
}

/// An installation that was set up and stopped, to be copied, and what somebody carries who is signed in there.
pub(crate) fn installation(into: &Path) -> (PathBuf, String) {
    let data = into.join("disk/data");
    std::fs::create_dir_all(data.parent().unwrap()).unwrap();
    let mut server = Server::spawn(&data, None, &[]);
    server.wait_ready().unwrap();
    server.set_up();
    let bearer = server.sign_in();
    assert_eq!(server.stop(), 0);
    (data, bearer)
}

fn copy(from: &Path, into: &Path) {
    let done = std::process::Command::new("cp").arg("-a").args([from, into]).status();
    assert!(done.unwrap().success());
}
