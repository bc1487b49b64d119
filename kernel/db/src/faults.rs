//! Faults that a test plants to prove that other tests would notice them. Compiled in only with the feature `faults`.

#[cfg(feature = "faults")]
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Outcomes are released a moment before the commit instead of after it.
    AckBeforeCommit,
    /// What a failed unit changed is kept.
    NoSavepoint,
    /// Databases opened from now on do not wait for the disk at every commit.
    SynchronousNormal,
}

#[cfg(feature = "faults")]
static PLANTED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

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

/// How long the window between the early acknowledgement and the commit is.
pub(crate) const WINDOW: std::time::Duration = std::time::Duration::from_millis(50);

/// Holds the writer of SQLite in that window.
#[expect(
    clippy::disallowed_methods,
    reason = "the writer has a thread of its own, and only a planted fault waits"
)]
pub(crate) fn wait() {
    std::thread::sleep(WINDOW);
}
