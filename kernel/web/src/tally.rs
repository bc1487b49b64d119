//! Counts of what may come in any number: kept in memory for a while, bounded in how many different things there are.

use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::Mutex;

/// Counts by key since they were last taken.
pub struct Tally<K> {
    most: usize,
    counts: Mutex<HashMap<K, i64>>,
}

impl<K: Eq + Hash> Tally<K> {
    /// Beyond `most` different keys, what is new is counted together.
    pub fn new(most: usize) -> Self {
        Self { most, counts: Mutex::default() }
    }

    /// Counts one. `together` says under which key it goes when there is no room for its own.
    pub fn count(&self, key: K, together: impl FnOnce(K) -> K) {
        let mut counts = self.counts.lock();
        let key = if counts.len() < self.most || counts.contains_key(&key) { key } else { together(key) };
        *counts.entry(key).or_default() += 1;
    }

    /// What was counted; from here on it is counted anew.
    pub fn take(&self) -> Vec<(K, i64)> {
        std::mem::take(&mut *self.counts.lock()).into_iter().collect()
    }

    /// Puts back what could not be written down.
    pub fn put_back(&self, counts: Vec<(K, i64)>) {
        let mut all = self.counts.lock();
        for (key, times) in counts {
            if all.len() < self.most || all.contains_key(&key) {
                *all.entry(key).or_default() += times;
            }
        }
    }
}
