//! Power cuts: what the real server asked of the disk is recorded, and from any moment of the record the states are made
//! that a disk could be left in.
//!
//! Owns the record (strace's), the model of the disk, the load with its answers, and the call of the verifier, which is
//! `verify.py` and shares no code with the server. Refuses to know any crate of Mainstay but by its HTTP.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the harness is a process of threads beside the server"
)]

mod act;
mod disk;
mod load;
mod order;
mod record;
mod server;
mod survive;
mod verdict;

pub use act::Act;
pub use disk::{Disk, Keeps};
pub use load::{Load, Outcome, report};
pub use order::{Ack, acks, early};
pub use record::{Call, Record, Step, text};
pub use server::{Inject, Server};
pub use survive::Fate;
pub use verdict::Verifier;
