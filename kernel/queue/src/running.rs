//! What this node runs right now, and how a running job is told something.

use std::collections::HashMap;

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

    pub(crate) fn of_kind(&self, kind: &str) -> usize {
        self.all.lock().values().filter(|(own, _)| *own == kind).count()
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
