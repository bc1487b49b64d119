//! Faults planted on purpose, to prove that the tests of the start and the stop can fail. Switched on through FAILPOINTS
//! in a build with the feature `faults`; in any other the answer is `false` at compile time.

/// The house opens before its last check (P19).
pub(super) const OPEN_EARLY: &str = "start.open_early";
/// Connections are cut instead of drained (P20).
pub(super) const NO_DRAIN: &str = "shutdown.no_drain";

/// Faults of the kernel by the names under which FAILPOINTS plants them: `db.ack_before_commit=return`.
#[cfg(feature = "faults")]
const KERNEL: &[(&str, fn())] = &[
    ("db.ack_before_commit", || db::faults::set(db::faults::Fault::AckBeforeCommit, true)),
    ("db.no_deadline", || db::faults::set(db::faults::Fault::NoDeadline, true)),
    ("db.no_savepoint", || db::faults::set(db::faults::Fault::NoSavepoint, true)),
    ("db.success_when_unknown", || db::faults::set(db::faults::Fault::SuccessWhenUnknown, true)),
    ("db.synchronous_normal", || db::faults::set(db::faults::Fault::SynchronousNormal, true)),
    ("db.trust_the_wal", || db::faults::set(db::faults::Fault::TrustTheWal, true)),
    ("journal.by_seq_alone", || journal::faults::set(journal::faults::Fault::BySeqAlone, true)),
    ("queue.ack_before_effect", || queue::faults::set(queue::faults::Fault::AckBeforeEffect, true)),
    ("queue.no_fencing", || queue::faults::set(queue::faults::Fault::NoFencing, true)),
];

/// Plants what FAILPOINTS names, before anything else runs.
#[cfg(feature = "faults")]
pub(crate) fn plant() {
    for (name, set) in KERNEL {
        if planted(name) {
            set();
        }
    }
}

/// Counters have their faults each for itself (P10).
#[cfg(feature = "faults")]
pub(super) fn plant_into(counters: &cache::Counters) {
    if planted("limits.open_when_lost") {
        counters.plant(Some(cache::faults::Fault::OpenWhenLost));
    }
}

#[cfg(not(feature = "faults"))]
pub(super) fn plant_into(_: &cache::Counters) {}

#[cfg(feature = "faults")]
pub(super) fn planted(name: &str) -> bool {
    fail::eval(name, |_| ()).is_some()
}

#[cfg(not(feature = "faults"))]
pub(super) fn planted(_: &str) -> bool {
    false
}
