//! The counts of this process.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use parking_lot::Mutex;
use types::Time;

use crate::verdict::{Key, Verdict};
use crate::window::{Digest, Window, Windows};

const SHARDS: usize = 64;

pub(crate) struct Memory {
    /// Random for each process, so that nobody outside can choose subjects that share a count.
    seeds: (RandomState, RandomState),
    shards: Vec<Mutex<Windows>>,
    #[cfg(feature = "faults")]
    pub(crate) fault: Mutex<Option<crate::faults::Fault>>,
}

impl Memory {
    pub(crate) fn new(capacity: usize) -> Self {
        let each = capacity.div_ceil(SHARDS);
        Self {
            seeds: (RandomState::new(), RandomState::new()),
            shards: (0..SHARDS).map(|_| Mutex::new(Windows::new(each))).collect(),
            #[cfg(feature = "faults")]
            fault: Mutex::new(None),
        }
    }

    fn place(&self, key: Key<'_>) -> (Digest, &Mutex<Windows>) {
        let digest =
            (self.seeds.0.hash_one((key.tier, key.subject)), self.seeds.1.hash_one((key.tier, key.subject)));
        (digest, &self.shards[usize::try_from(digest.0 % SHARDS as u64).unwrap_or(0)])
    }

    pub(crate) fn hit(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        let (digest, shard) = self.place(key);
        let mut windows = shard.lock();
        let mut window = windows.find_or_begin(digest, span, now);
        let allowed = window.count < limit;
        if allowed {
            window.count += 1;
            window.owed = window.owed.saturating_add(1);
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
            _ => {}
        }
        windows.put(digest, window);
        Verdict::new(allowed, window.count, limit, window.ends, now)
    }

    pub(crate) fn peek(&self, key: Key<'_>, limit: u32, span: Duration, now: Time) -> Verdict {
        let window = self.find(key, span, now);
        let (count, ends) = window.map_or((0, now.plus(span)), |window| (window.count, window.ends));
        Verdict::new(count < limit, count, limit, ends, now)
    }

    pub(crate) fn refund(&self, key: Key<'_>, span: Duration, now: Time) {
        let (digest, shard) = self.place(key);
        let mut windows = shard.lock();
        if let Some(mut window) = windows.find(digest, span, now).filter(|window| window.count > 0) {
            window.count -= 1;
            window.owed = window.owed.saturating_sub(1);
            windows.put(digest, window);
        }
    }

    /// The live window of the key, if there is one.
    pub(crate) fn find(&self, key: Key<'_>, span: Duration, now: Time) -> Option<Window> {
        let (digest, shard) = self.place(key);
        shard.lock().find(digest, span, now)
    }

    /// Takes over what a shared store counts, after it was told of `told` hits that were counted here alone.
    pub(crate) fn learn(&self, key: Key<'_>, count: u32, ends: Time, told: i32, now: Time) {
        let (digest, shard) = self.place(key);
        let mut windows = shard.lock();
        let owed = windows.find_or_begin(digest, ends.since(now), now).owed.saturating_sub(told).max(0);
        windows.put(digest, Window { count: count.saturating_add_signed(owed), ends, owed });
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}
