//! Faults planted on purpose, to prove that the tests which guard against them can fail.

types::faults! {
    /// No address is refused.
    VetNothing,
    /// The name is looked up again after it was vetted.
    ResolveAgain,
    /// Every failure is tried again, and no host is ever left alone.
    RetryForEver,
}
