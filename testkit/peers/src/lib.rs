//! The real servers that tests run against: a private PostgreSQL, a proxy that breaks connections on purpose, and web
//! servers that answer well or badly.
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
mod database;
mod folder;
mod port;
mod postgres;
mod proxy;
mod upstream;
mod watchdog;

pub use database::{Database, Template};
pub use folder::Folder;
pub use port::free_port;
pub use postgres::{Options, Postgres, SHARED, postgres};
pub use proxy::{Proxy, When};
pub use upstream::{Canary, OUTSIDE, Upstream, reply};

#[cfg(test)]
mod tests;
