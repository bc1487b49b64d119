//! The real binary behind a proxy that breaks its way to PostgreSQL and Redis: P9 and P10.
//!
//! Each promise is a function that answers with what it found wrong, so that a planted fault can be shown to be found.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests are a process of their own"
)]

mod bytes;
mod database;
mod ground;
mod limits;
#[allow(dead_code, reason = "shared with the other tests of the binary")]
#[path = "../it/process.rs"]
mod process;
