//! The real servers that tests run against: a private PostgreSQL, a private Redis, a proxy that breaks connections on
//! purpose, and web and mail servers that answer well or badly.
//!
//! Everything started here listens on loopback, lives in a temporary folder and is gone when the process that
//! started it is gone, however that process ended. This crate knows nothing of Mainstay's own crates, so every one of
//! them may use it in its tests.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests have no task group, and their environment is their configuration"
)]

mod admin;
mod breaks;
mod database;
mod folder;
mod oidc;
mod passing;
mod port;
mod postgres;
mod proxy;
mod python;
mod redis;
mod smtp;
mod targets;
mod upstream;
mod watchdog;

pub use breaks::{Break, Way};
pub use database::{Database, Template};
pub use folder::Folder;
pub use oidc::Oidc;
pub use port::free_port;
pub use postgres::{Options, Postgres, SHARED, postgres};
pub use proxy::{Proxy, When};
pub use python::{python, run_python};
pub use redis::Redis;
pub use smtp::{Aiosmtpd, Smtp, Turn};
pub use targets::TARGETS;
pub use upstream::{Canary, OUTSIDE, Upstream, reply};

/// Whether promises are to be tried at their full figures: `make promises` asks for it.
pub fn full() -> bool {
    std::env::var("MAINSTAY_TEST_PROMISES").is_ok_and(|mode| mode == "full")
}

/// How often a promise is tried: `short` in `make test`, `full` in `make promises`.
pub fn rounds(short: usize, full: usize) -> usize {
    if self::full() { full } else { short }
}

/// Tells what a promise was tried with, for whoever reads the output of `make promises`.
#[allow(clippy::print_stdout, clippy::disallowed_macros, reason = "the test runner shows it on request")]
pub fn tell(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests;
