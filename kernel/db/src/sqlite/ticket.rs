//! Whether a waiting unit may still be called off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const WAITING: u8 = 0;
const RUNNING: u8 = 1;
const CANCELLED: u8 = 2;

/// Held by the caller and by the queue; the first to move it decides.
#[derive(Clone)]
pub(super) struct Ticket(Arc<AtomicU8>);

impl Ticket {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(WAITING)))
    }

    /// The writer's side: false if the caller gave up before.
    pub(super) fn start(&self) -> bool {
        self.0.compare_exchange(WAITING, RUNNING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The caller's side: false if it is too late.
    pub(super) fn cancel(&self) -> bool {
        self.0.compare_exchange(WAITING, CANCELLED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waits_is_cancelled() {
        let ticket = Ticket::new();
        assert!(ticket.clone().start());
        assert!(!ticket.cancel());
        let ticket = Ticket::new();
        assert!(ticket.cancel());
        assert!(!ticket.start());
    }
}
