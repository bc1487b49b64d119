//! The sections of the kernel. A system declares its own beside its code.

// A check is handed a reference whatever the type is: `section!` can not know which are small.
#![allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option)]

mod cors;
mod database;
mod general;
mod jobs;
mod limits;
mod log;
mod outbound;
mod retention;
mod routes;
mod server;
mod storage;

pub use cors::Cors;
pub use database::{Database, Synchronous};
pub use general::{General, Mode};
pub use jobs::Jobs;
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub use outbound::Outbound;
pub use retention::{Idempotency, Journal};
pub use routes::{Docs, Routes};
pub use server::Server;
pub use storage::{Cache, Storage};

use crate::Section;

/// What the kernel itself needs.
pub const KERNEL: &[&Section] = &[
    &General::SECTION,
    &Server::SECTION,
    &Database::SECTION,
    &Storage::SECTION,
    &Cache::SECTION,
    &Cors::SECTION,
    &Limits::SECTION,
    &Outbound::SECTION,
    &Log::SECTION,
    &Docs::SECTION,
    &Routes::SECTION,
    &Idempotency::SECTION,
    &Journal::SECTION,
    &Jobs::SECTION,
];

/// The check of a span of time that must not be nothing.
pub fn not_zero(span: &std::time::Duration) -> Result<(), String> {
    if span.is_zero() { Err("must be longer than nothing, for example \"10s\"".to_owned()) } else { Ok(()) }
}

/// The check of a number that must be 1 or more.
pub fn at_least_one<N: Into<u64> + Copy>(number: &N) -> Result<(), String> {
    if (*number).into() == 0 { Err("must be 1 or more".to_owned()) } else { Ok(()) }
}
