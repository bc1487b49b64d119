//! The windows of one shard: how many hits each key had, and which window ends first. Not shared, no locks.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use types::Time;

/// A keyed hash of tier and subject: sixteen bytes, however long a subject is.
pub(crate) type Digest = (u64, u64);

#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) count: u32,
    pub(crate) ends: Time,
    /// Of the count, what a shared store has not been told of.
    pub(crate) owed: i32,
}

impl Window {
    /// A window that ends later than a window that began now was begun before the clock was set back: it
    /// counts as over, or a caller would be locked out for as long as the clock jumped.
    fn is_live(self, span: Duration, now: Time) -> bool {
        now < self.ends && self.ends <= now.plus(span)
    }
}

pub(crate) struct Windows {
    by_key: HashMap<Digest, Window>,
    by_end: BTreeSet<(Time, Digest)>,
    capacity: usize,
}

impl Windows {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { by_key: HashMap::new(), by_end: BTreeSet::new(), capacity: capacity.max(1) }
    }

    /// The live window of the key, if there is one.
    pub(crate) fn find(&self, key: Digest, span: Duration, now: Time) -> Option<Window> {
        self.by_key.get(&key).copied().filter(|window| window.is_live(span, now))
    }

    /// The live window of the key, begun now if there is none.
    pub(crate) fn find_or_begin(&mut self, key: Digest, span: Duration, now: Time) -> Window {
        if let Some(window) = self.find(key, span, now) {
            return window;
        }
        self.remove(key);
        self.make_room(now);
        let window = Window { count: 0, ends: now.plus(span), owed: 0 };
        self.put(key, window);
        window
    }

    pub(crate) fn put(&mut self, key: Digest, window: Window) {
        if let Some(old) = self.by_key.insert(key, window) {
            if old.ends == window.ends {
                return;
            }
            self.by_end.remove(&(old.ends, key));
        }
        self.by_end.insert((window.ends, key));
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    fn remove(&mut self, key: Digest) {
        if let Some(old) = self.by_key.remove(&key) {
            self.by_end.remove(&(old.ends, key));
        }
    }

    /// Ended windows go as they are met; a live one goes only when there is no other room, the one that would
    /// have ended first, because forgetting it gives away the least.
    fn make_room(&mut self, now: Time) {
        while let Some(&(ends, key)) = self.by_end.first() {
            if ends > now && self.by_key.len() < self.capacity {
                return;
            }
            self.by_end.pop_first();
            self.by_key.remove(&key);
        }
    }
}
