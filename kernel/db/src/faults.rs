//! Faults that a test plants to prove that other tests would notice them. Compiled in only with the feature `faults`.

types::faults! {
    /// Outcomes are released a moment before the commit instead of after it.
    AckBeforeCommit,
    /// What a failed unit changed is kept.
    NoSavepoint,
    /// Databases opened from now on do not wait for the disk at every commit.
    SynchronousNormal,
    /// A commit whose outcome nobody knows is reported as done.
    SuccessWhenUnknown,
    /// Whatever waits for PostgreSQL waits for as long as it takes.
    NoDeadline,
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
