//! Faults planted on purpose, to prove that the tests of the start and the stop can fail. Switched on through FAILPOINTS
//! in a build with the feature `faults`; in any other the answer is `false` at compile time.

/// The house opens before its last check (P19).
pub(super) const OPEN_EARLY: &str = "start.open_early";
/// Connections are cut instead of drained (P20).
pub(super) const NO_DRAIN: &str = "shutdown.no_drain";

/// Faults of the crates below, which have switches of their own (P9, P10).
#[cfg(feature = "faults")]
pub(super) fn plant(counters: &cache::Counters) {
    use db::faults::Fault;
    if planted("limits.open_when_lost") {
        counters.plant(Some(cache::faults::Fault::OpenWhenLost));
    }
    db::faults::set(Fault::SuccessWhenUnknown, planted("db.success_when_unknown"));
    db::faults::set(Fault::NoDeadline, planted("db.no_deadline"));
}

#[cfg(not(feature = "faults"))]
pub(super) fn plant(_: &cache::Counters) {}

#[cfg(feature = "faults")]
pub(super) fn planted(name: &str) -> bool {
    fail::eval(name, |_| ()).is_some()
}

#[cfg(not(feature = "faults"))]
pub(super) fn planted(_: &str) -> bool {
    false
}
