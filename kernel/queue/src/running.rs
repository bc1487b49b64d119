//! What this node runs right now, and how a running job is told something.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::JobId;

/// What a running job has been told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub cancel: bool,
    pub stop: bool,
    pub lost: bool,
}

/// One running attempt is known by its job and number.
type Key = (JobId, i64);

#[derive(Debug, Default)]
pub(crate) struct Running {
    all: Mutex<HashMap<Key, (&'static str, watch::Sender<Told>)>>,
    deaf: Arc<Mutex<HashMap<&'static str, usize>>>,
}

/// The thread of an attempt that was given up and goes on, until it is dropped.
pub(crate) struct Deaf {
    all: Arc<Mutex<HashMap<&'static str, usize>>>,
    kind: &'static str,
}

impl Drop for Deaf {
    fn drop(&mut self) {
        if let Some(count) = self.all.lock().get_mut(self.kind) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Running {
    pub(crate) fn enter(&self, key: Key, kind: &'static str) -> watch::Receiver<Told> {
        let (tell, hear) = watch::channel(Told::default());
        self.all.lock().insert(key, (kind, tell));
        hear
    }

    pub(crate) fn leave(&self, key: Key) {
        self.all.lock().remove(&key);
    }

    fn of_kind(&self, kind: &str) -> usize {
        self.all.lock().values().filter(|(own, _)| *own == kind).count()
    }

    /// Notes one more, and tells how many of the kind there are now.
    pub(crate) fn deaf(&self, kind: &'static str) -> (Deaf, usize) {
        let mut all = self.deaf.lock();
        let count = all.entry(kind).or_default();
        *count += 1;
        (Deaf { all: Arc::clone(&self.deaf), kind }, *count)
    }

    /// Places for more of a kind that may run so often at a time. Attempts that never wait and were given up hold a thread
    /// each: as many of them as there are places are borne, beyond that they take places.
    pub(crate) fn free(&self, kind: &str, places: usize) -> usize {
        let running = self.of_kind(kind);
        let deaf = self.deaf.lock().get(kind).copied().unwrap_or(0);
        places.saturating_sub(running).min((2 * places).saturating_sub(running + deaf))
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        self.all.lock().contains_key(&key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.lock().is_empty()
    }

    pub(crate) fn cancel(&self, key: Key) {
        if let Some((_, tell)) = self.all.lock().get(&key) {
            tell.send_if_modified(|told| !std::mem::replace(&mut told.cancel, true));
        }
    }

    pub(crate) fn stop_all(&self) {
        for (_, tell) in self.all.lock().values() {
            tell.send_modify(|told| told.stop = true);
        }
    }

    /// Other nodes took this one for dead.
    pub(crate) fn lose_all(&self) {
        for (_, tell) in self.all.lock().values() {
            tell.send_modify(|told| told.lost = true);
        }
    }
}
