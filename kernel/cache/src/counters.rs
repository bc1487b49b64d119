//! Counting hits by tier and subject. Today in this process; `Store` is where a shared one comes in.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use types::Time;

use crate::window::{Digest, Windows};

const SHARDS: usize = 64;
const DEFAULT_CAPACITY: usize = 131_072;

/// Whose hits are counted together: the same subject has a count in each tier.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    pub tier: &'a str,
    pub subject: &'a [u8],
}

impl<'a> Key<'a> {
    pub fn new(tier: &'a str, subject: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { tier, subject: subject.as_ref() }
    }
}

/// What a hit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub allowed: bool,
    pub limit: u32,
    /// How many more hits this window allows.
    pub remaining: u32,
    /// When the window ends and the whole limit is there again.
    pub reset_at: Time,
    /// Whole seconds until then, rounded up; at least one.
    pub retry_after: u64,
}

/// The counters. Cheap to clone; clones share the counts.
#[derive(Clone)]
pub struct Counters(Store);

/// Where the counts are. A store that several nodes share becomes a second variant, which falls back to this one
/// when it is lost: a limit may become less exact, never absent.
#[derive(Clone)]
enum Store {
    Memory(Arc<Memory>),
}

struct Memory {
    /// Random for each process, so that nobody outside can choose subjects that share a count.
    seeds: (RandomState, RandomState),
    shards: Vec<Mutex<Windows>>,
    #[cfg(feature = "faults")]
    fault: Mutex<Option<crate::faults::Fault>>,
}

impl Default for Counters {
    fn default() -> Self {
        Self::in_memory(DEFAULT_CAPACITY)
    }
}

impl Counters {
    /// Counters in this process that remember at most about `capacity` windows (some 100 bytes each).
    pub fn in_memory(capacity: usize) -> Self {
        let each = capacity.div_ceil(SHARDS);
        Self(Store::Memory(Arc::new(Memory {
            seeds: (RandomState::new(), RandomState::new()),
            shards: (0..SHARDS).map(|_| Mutex::new(Windows::new(each))).collect(),
            #[cfg(feature = "faults")]
            fault: Mutex::new(None),
        })))
    }

    /// Counts one hit and says whether it is within the limit. A window begins with the first hit and ends `span`
    /// later, whatever comes in between; a hit that is refused is not counted.
    pub fn hit(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        let Store::Memory(memory) = &self.0;
        memory.hit(key, limit, span, now)
    }

    /// What a hit would come to, without counting it.
    pub fn peek(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        let Store::Memory(memory) = &self.0;
        let (digest, shard) = memory.place(key);
        let found = shard.lock().find(digest, span, now);
        let (count, ends) = found.map_or((0, now.plus(span)), |window| (window.count, window.ends));
        verdict(count < limit, count, limit, ends, now)
    }

    /// Takes one hit back, for something that turned out not to count.
    pub fn refund(&self, key: Key<'_>, span: Duration, now: Time) {
        let Store::Memory(memory) = &self.0;
        let (digest, shard) = memory.place(key);
        let mut windows = shard.lock();
        if let Some(mut window) = windows.find(digest, span, now) {
            window.count = window.count.saturating_sub(1);
            windows.put(digest, window);
        }
    }

    /// How many windows are remembered.
    pub fn len(&self) -> usize {
        let Store::Memory(memory) = &self.0;
        memory.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Plants a mistake into these counters, or takes it out again.
    #[cfg(feature = "faults")]
    pub fn plant(&self, fault: Option<crate::faults::Fault>) {
        let Store::Memory(memory) = &self.0;
        *memory.fault.lock() = fault;
    }
}

impl Memory {
    fn place(&self, key: Key<'_>) -> (Digest, &Mutex<Windows>) {
        let digest =
            (self.seeds.0.hash_one((key.tier, key.subject)), self.seeds.1.hash_one((key.tier, key.subject)));
        (digest, &self.shards[usize::try_from(digest.0 % SHARDS as u64).unwrap_or(0)])
    }

    fn hit(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        let (digest, shard) = self.place(key);
        let mut windows = shard.lock();
        let mut window = windows.find_or_begin(digest, span, now);
        let allowed = window.count < limit;
        if allowed {
            window.count += 1;
        }
        #[cfg(feature = "faults")]
        let fault = *self.fault.lock();
        #[cfg(feature = "faults")]
        match fault {
            Some(crate::faults::Fault::ExtendAtEachHit) => window.ends = now.plus(span),
            Some(crate::faults::Fault::CountInTwoSteps) => {
                drop(windows);
                std::thread::yield_now();
                windows = shard.lock();
            }
            None => {}
        }
        windows.put(digest, window);
        verdict(allowed, window.count, limit, window.ends, now)
    }
}

fn verdict(allowed: bool, count: u32, limit: u32, ends: Time, now: Time) -> Verdict {
    let millis = u64::try_from(ends.since(now).as_millis()).unwrap_or(u64::MAX);
    Verdict {
        allowed,
        limit,
        remaining: limit.saturating_sub(count),
        reset_at: ends,
        retry_after: millis.div_ceil(1000).max(1),
    }
}
