//! Writers: threads that ask for trials one after another, each until it is acknowledged, and write down what they know.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use crate::client::{Answer, Client};
use crate::ledger::Ledger;
use crate::server::Login;

/// How long a writer waits after no answer, or one that says to come again.
const BREATH: Duration = Duration::from_millis(20);

/// Where the servers are now, and who asks. Shared by everybody who talks to them.
#[derive(Debug)]
pub struct Target {
    pub login: Login,
    addresses: Mutex<Vec<SocketAddr>>,
}

impl Target {
    pub fn new(login: Login) -> Arc<Self> {
        Arc::new(Self { login, addresses: Mutex::default() })
    }

    /// From now on the servers are here: after a start, a kill, another start.
    pub fn set(&self, addresses: &[SocketAddr]) {
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses.to_vec();
    }

    /// The server for whoever has this number.
    pub fn address(&self, number: usize) -> Option<SocketAddr> {
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.get(number.checked_rem(addresses.len())?).copied()
    }
}

/// How much is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub writers: usize,
    /// Every how manyth trial is to fail after its work was done; 0 for none.
    pub refuse_every: u64,
    /// Whether each asks for a job.
    pub jobs: bool,
    /// What a writer waits between two trials.
    pub pause: Duration,
    /// After how many trials of all writers they stop by themselves.
    pub most: u64,
}

impl Default for Load {
    fn default() -> Self {
        Self { writers: 8, refuse_every: 0, jobs: false, pause: Duration::ZERO, most: u64::MAX }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub acked: u64,
    /// Of these, how many were done before and replayed.
    pub replayed: u64,
    pub refused: u64,
    /// Requests without an answer.
    pub broken: u64,
    /// Answers that said to come again, by status and code.
    pub again: BTreeMap<String, u64>,
    /// Answers that no client should get.
    pub wrong: Vec<String>,
    /// The longest time from the first sending of a trial to its acknowledgement.
    pub longest: Duration,
}

/// Threads that write.
pub struct Writers {
    threads: Vec<JoinHandle<Tally>>,
    shared: Arc<Shared>,
}

struct Shared {
    target: Arc<Target>,
    ledger: Arc<Ledger>,
    load: Load,
    stop: AtomicBool,
    asked: AtomicU64,
    acked: AtomicU64,
    /// Of each writer.
    each: Vec<AtomicU64>,
}

impl Writers {
    pub fn begin(target: &Arc<Target>, ledger: &Arc<Ledger>, load: Load) -> Self {
        let shared = Arc::new(Shared {
            target: Arc::clone(target),
            ledger: Arc::clone(ledger),
            load,
            stop: AtomicBool::new(false),
            asked: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            each: (0..load.writers).map(|_| AtomicU64::new(0)).collect(),
        });
        let threads = (0..load.writers)
            .map(|number| {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || Writer::new(number, shared).work())
            })
            .collect();
        Self { threads, shared }
    }

    /// How many trials were acknowledged so far.
    pub fn acked(&self) -> u64 {
        self.shared.acked.load(Ordering::Relaxed)
    }

    /// Waits until so many more were acknowledged.
    ///
    /// # Panics
    /// When they are not within `limit`.
    pub fn wait_acked(&self, more: u64, limit: Duration) {
        let (began, from) = (Instant::now(), self.acked());
        while self.acked() < from + more {
            assert!(began.elapsed() < limit, "{} of {more} acknowledged in {limit:?}", self.acked() - from);
            sleep(BREATH);
        }
    }

    /// Waits until every writer had one more acknowledged; tells how long that took.
    ///
    /// # Panics
    /// When they have not within `limit`.
    pub fn wait_each(&self, limit: Duration) -> Duration {
        let count = || self.shared.each.iter().map(|one| one.load(Ordering::Relaxed)).collect::<Vec<_>>();
        let (began, from) = (Instant::now(), count());
        while count().iter().zip(&from).any(|(now, from)| now <= from) {
            assert!(
                began.elapsed() < limit,
                "not every writer goes on after {limit:?}: {from:?} {:?}",
                count()
            );
            sleep(BREATH);
        }
        began.elapsed()
    }

    /// Whether every writer has come to the end of its load.
    pub fn are_done(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Ends them. What had no answer yet is left open.
    pub fn stop(self) -> Tally {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for thread in self.threads {
            all.add(thread.join().expect("a writer panicked"));
        }
        self.shared.ledger.flush();
        all
    }
}

struct Writer {
    number: usize,
    series: String,
    shared: Arc<Shared>,
    client: Option<(SocketAddr, Client)>,
    tally: Tally,
}

impl Writer {
    fn new(number: usize, shared: Arc<Shared>) -> Self {
        let series = format!("w{number}-{:08x}", rand::random::<u32>());
        Self { number, series, shared, client: None, tally: Tally::default() }
    }

    fn work(mut self) -> Tally {
        let load = self.shared.load;
        let mut last: Option<(u64, String)> = None;
        for number in 1.. {
            if self.stopped() || self.shared.asked.fetch_add(1, Ordering::Relaxed) >= load.most {
                break;
            }
            let refuse = load.refuse_every != 0 && number % load.refuse_every == 0;
            let text = format!("{:016x}", rand::random::<u64>());
            self.shared.ledger.asked(&self.series, number, &text, refuse, load.jobs);
            let broken = self.tally.broken;
            let began = Instant::now();
            let Some(acked) = self.until_answered(number, &text, refuse) else { break };
            self.tally.longest = self.tally.longest.max(began.elapsed());
            // Another server may have come: what was acknowledged before is still what it says.
            if broken != self.tally.broken
                && let Some((number, text)) = last.take()
            {
                self.until_answered(number, &text, false);
            }
            if acked {
                last = Some((number, text));
            }
            sleep(load.pause);
        }
        self.tally
    }

    fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }

    /// Asks with the same key until there is an answer that is final: whether it was acknowledged, or `None` when it is
    /// time to stop.
    fn until_answered(&mut self, number: u64, text: &str, refuse: bool) -> Option<bool> {
        loop {
            if self.stopped() {
                return None;
            }
            match self.ask(number, text, refuse) {
                Ok(answer) => {
                    if let Some(acked) = self.judge(number, &answer) {
                        return Some(acked);
                    }
                }
                Err(error) => {
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
                        self.tally.wrong.push(format!("no answer in time: {error}"));
                    }
                    self.tally.broken += 1;
                    self.client = None;
                }
            }
            sleep(BREATH);
        }
    }

    fn ask(&mut self, number: u64, text: &str, refuse: bool) -> std::io::Result<Answer> {
        let address = self.shared.target.address(self.number).ok_or(ErrorKind::NotConnected)?;
        if self.client.as_ref().is_none_or(|(known, _)| *known != address) {
            self.client = Some((address, Client::new(address)));
        }
        let (name, value) = &self.shared.target.login.header;
        let key = format!("{}-{number}", self.series);
        let headers =
            [(*name, value.as_str()), ("content-type", "application/json"), ("idempotency-key", &key)];
        let body = format!(
            r#"{{"series": "{}", "number": {number}, "text": "{text}", "refuse": {refuse}, "job": {}}}"#,
            self.series, self.shared.load.jobs
        );
        let (_, client) = self.client.as_mut().expect("it was just made");
        client.ask("POST", "/api/v1/trials", &headers, &body)
    }

    /// Whether it was acknowledged, or `None` when it has to be asked again.
    fn judge(&mut self, number: u64, answer: &Answer) -> Option<bool> {
        let json = answer.json();
        let code = json["code"].as_str().unwrap_or_default();
        match (answer.status, code) {
            (200 | 201, _) => {
                let id = json["id"].as_str().unwrap_or_default();
                self.shared.ledger.acked(&self.series, number, id, answer.status == 200);
                self.shared.acked.fetch_add(1, Ordering::Relaxed);
                self.shared.each[self.number].fetch_add(1, Ordering::Relaxed);
                self.tally.acked += 1;
                self.tally.replayed += u64::from(answer.status == 200);
                return Some(true);
            }
            (409, "trial_refused") => {
                self.shared.ledger.refused(&self.series, number);
                self.tally.refused += 1;
                return Some(false);
            }
            (409, "idempotency_in_flight") | (504, _) => {}
            (503, _) if answer.header("retry-after").is_some() => {}
            _ => self.tally.wrong.push(format!("{} {}", answer.status, answer.body)),
        }
        *self.tally.again.entry(format!("{} {code}", answer.status)).or_default() += 1;
        None
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.acked += other.acked;
        self.replayed += other.replayed;
        self.refused += other.refused;
        self.broken += other.broken;
        for (name, count) in other.again {
            *self.again.entry(name).or_default() += count;
        }
        self.wrong.extend(other.wrong);
        self.longest = self.longest.max(other.longest);
    }
}
