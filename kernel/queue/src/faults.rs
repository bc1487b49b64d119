//! Faults that a test plants to prove that other tests would notice them. Only with the feature `faults`.

types::faults! {
    /// A job is completed by whoever says so, whether it still holds it or not.
    NoFencing,
    /// A job counts as done before its effects are written.
    AckBeforeEffect,
}
