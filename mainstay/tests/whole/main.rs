//! The whole house in one process, with every system of the binary: what must hold for each of its operations.
//!
//! Nothing here names an operation unless it is an exception: a new one is tried by being there.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod attacks;
mod corpora;
mod document;
mod forgotten;
mod house;
mod mail;
#[allow(dead_code, reason = "the binary's own list, of which only the systems are wanted here")]
#[path = "../../src/systems.rs"]
mod systems;
mod tenants;
