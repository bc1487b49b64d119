//! Faults planted on purpose, to prove that the tests of the start and the stop can fail. Switched on through FAILPOINTS
//! in a build with the feature `faults`; in any other the answer is `false` at compile time.

/// The house opens before its last check (P19).
pub(super) const OPEN_EARLY: &str = "start.open_early";
/// Connections are cut instead of drained (P20).
pub(super) const NO_DRAIN: &str = "shutdown.no_drain";

#[cfg(feature = "faults")]
pub(super) fn planted(name: &str) -> bool {
    fail::eval(name, |_| ()).is_some()
}

#[cfg(not(feature = "faults"))]
pub(super) fn planted(_: &str) -> bool {
    false
}
