//! The crash harness: the real binary under load, killed and started again, and what it acknowledged held against what
//! its database has.
//!
//! Owns the server as a process, the writers with their log of what was acknowledged, and the call of the verifier, which
//! is `verify.py` and shares no code with the server. Refuses to know any crate of Mainstay but by its HTTP.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the harness is a process of threads beside the server; scripts steer it through the environment"
)]

mod binary;
mod campaign;
mod client;
mod ledger;
mod place;
mod readers;
mod server;
mod sink;
mod verdict;
mod writers;

pub use binary::{binary, commit};
pub use campaign::{Campaign, JOB_POINTS, WRITE_POINTS};
pub use client::{Answer, Client};
pub use ledger::Ledger;
pub use place::{Engine, Place};
pub use readers::{Read, Readers};
pub use server::{Login, Server};
pub use sink::Sink;
pub use verdict::{Verdict, verify};
pub use writers::{Load, Tally, Target, Writers};
