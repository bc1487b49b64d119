//! The counters: in this process, and shared in a real Redis that is lost, slow, wrong and back again.

#![allow(clippy::unwrap_used, reason = "tests")]

mod memory;
mod redis;
