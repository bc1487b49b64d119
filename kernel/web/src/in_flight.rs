//! Copies of one request on one node wait for each other here, so that the database sees them one by one.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{Mutex as Gate, OwnedMutexGuard};

/// The keys that are being worked on now.
#[derive(Default)]
pub(crate) struct InFlight(Mutex<HashMap<[u8; 32], Weak<Gate<()>>>>);

const SWEEP_AT: usize = 1024;

impl InFlight {
    /// Waits for its turn; the turn ends when the guard is dropped.
    pub(crate) async fn enter(&self, lookup: [u8; 32]) -> OwnedMutexGuard<()> {
        let gate = {
            let mut gates = self.0.lock();
            if gates.len() >= SWEEP_AT {
                gates.retain(|_, gate| gate.strong_count() > 0);
            }
            let known = gates.get(&lookup).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let gate = Arc::new(Gate::new(()));
                gates.insert(lookup, Arc::downgrade(&gate));
                gate
            })
        };
        gate.lock_owned().await
    }
}
