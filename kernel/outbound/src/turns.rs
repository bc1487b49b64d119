//! How many requests are under way: for one lane, to one host, and all together. Whoever wants more waits its turn.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::error::Error;

/// Who may wait, in places; beyond that a request is refused at once.
const WAITING: usize = 16;
/// Gates that are kept without anybody in them.
const IDLE: usize = 1024;

pub(crate) struct Turns {
    lanes: Gates,
    hosts: Gates,
    all: Arc<Semaphore>,
}

/// Held while an attempt is under way. The order of the fields is the order in which they are given back.
pub(crate) struct Turn {
    _all: OwnedSemaphorePermit,
    _host: OwnedSemaphorePermit,
    _lane: OwnedSemaphorePermit,
}

impl Turns {
    pub(crate) fn new(all: u32, per_host: u32, per_lane: u32) -> Self {
        Self {
            lanes: Gates::new(per_lane),
            hosts: Gates::new(per_host),
            all: Arc::new(Semaphore::new(places(all))),
        }
    }

    /// The lane comes first: whoever waits for a host or for room does so within the places of its own lane.
    pub(crate) async fn take(&self, lane: &str, host: &str, until: Instant) -> Result<Turn, Error> {
        let lane = self.lanes.enter(lane, "of this lane", until).await?;
        let host = self.hosts.enter(host, "to this host", until).await?;
        let all = timeout_at(until, Arc::clone(&self.all).acquire_owned()).await;
        let all = all.map_err(|_| Error::Busy("of all"))?.expect("it is never closed");
        // Its turn came with its end: the host must not be blamed for what it was never asked.
        if Instant::now() >= until {
            return Err(Error::Busy("at its deadline"));
        }
        Ok(Turn { _all: all, _host: host, _lane: lane })
    }
}

/// A semaphore for each name.
struct Gates {
    each: usize,
    gates: Mutex<HashMap<String, Arc<Gate>>>,
}

struct Gate {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Gates {
    fn new(each: u32) -> Self {
        Self { each: places(each), gates: Mutex::default() }
    }

    async fn enter(
        &self,
        name: &str,
        whose: &'static str,
        until: Instant,
    ) -> Result<OwnedSemaphorePermit, Error> {
        let gate = self.gate(name);
        let _waiting = Waiting::begin(&gate, self.each * WAITING).ok_or(Error::Busy(whose))?;
        let place = timeout_at(until, Arc::clone(&gate.places).acquire_owned()).await;
        Ok(place.map_err(|_| Error::Busy(whose))?.expect("it is never closed"))
    }

    fn gate(&self, name: &str) -> Arc<Gate> {
        let mut gates = self.gates.lock();
        if gates.len() >= IDLE {
            // A permit holds the semaphore, and somebody who waits holds the gate.
            gates
                .retain(|_, gate| Arc::strong_count(gate) > 1 || gate.places.available_permits() < self.each);
        }
        let new = || Gate { places: Arc::new(Semaphore::new(self.each)), waiting: AtomicUsize::new(0) };
        Arc::clone(gates.entry(name.to_owned()).or_insert_with(|| Arc::new(new())))
    }
}

/// Counts one who waits, also when he stops waiting.
struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn begin(gate: &'a Gate, most: usize) -> Option<Self> {
        let before = gate.waiting.fetch_add(1, Ordering::SeqCst);
        let waiting = Self(gate);
        (before < most).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

fn places(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}
