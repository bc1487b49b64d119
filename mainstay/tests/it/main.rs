//! The real binary, from outside: what it prints, which code it ends with, what answers while it starts and stops.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests are a process of their own"
)]

mod commands;
mod config;
mod crowd;
mod graceful;
mod guide;
mod jobs;
mod keys;
mod mail;
mod oauth;
mod process;
mod redis;
mod serve;
#[cfg(feature = "faults")]
mod stages;
mod trouble;
mod two;
mod user;
mod worker;
mod workspace;
