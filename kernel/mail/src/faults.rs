//! Faults planted on purpose, to prove that the tests which guard against them can fail.

types::faults! {
    /// Every attempt has an id of its own.
    OtherId,
    /// What was said before the handshake of TLS is passed over.
    HearAnybody,
}
