//! Faults that a test plants to prove that other tests would notice them. Only with the feature `faults`.

#[cfg(feature = "faults")]
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A job is completed by whoever says so, whether it still holds it or not.
    NoFencing,
    /// A job counts as done before its effects are written.
    AckBeforeEffect,
}

#[cfg(feature = "faults")]
static PLANTED: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

/// Plants a fault in this process, or takes it out again.
#[cfg(feature = "faults")]
pub fn set(fault: Fault, planted: bool) {
    PLANTED[fault as usize].store(planted, Ordering::SeqCst);
}

#[cfg(feature = "faults")]
pub(crate) fn planted(fault: Fault) -> bool {
    PLANTED[fault as usize].load(Ordering::SeqCst)
}

#[cfg(not(feature = "faults"))]
pub(crate) const fn planted(_: Fault) -> bool {
    false
}
