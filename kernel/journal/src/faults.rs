//! Faults that a test plants to prove that other tests would notice them. Only with the feature `faults`.

types::faults! {
    /// Events are read in the order of their numbers, whatever has not been committed yet.
    BySeqAlone,
    /// The feed reads every workspace.
    EveryWorkspace,
}
