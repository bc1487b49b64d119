//! P3: what was acknowledged survives a power cut, and a disk that fails.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test steers processes and their time"
)]

mod cuts;
mod disk;
mod errors;
mod recorded;
