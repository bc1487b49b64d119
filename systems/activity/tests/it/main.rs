//! Readers of the journal over HTTP, on both engines.

#![allow(clippy::unwrap_used, reason = "a test ends where something is wrong")]
#![allow(clippy::disallowed_methods, reason = "a test has no task group")]

mod addresses;
mod audit;
mod deliveries;
mod feed;
mod follower;
mod house;
mod live;
mod live_attacks;
mod lost_jobs;
mod presence;
mod sockets;
mod streams;
mod webhooks;
