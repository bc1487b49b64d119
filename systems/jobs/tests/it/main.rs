//! Jobs over HTTP, on both engines.

#![allow(clippy::unwrap_used, reason = "tests")]

mod held;
mod house;
mod queues;
mod steering;
mod stream;
mod tenants;
