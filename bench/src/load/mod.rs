//! The one load client for every HTTP target: the same connections, the same clock, the same arithmetic.
//!
//! Closed: each client sends as soon as it has its answer; that finds the most a target does. Open: requests arrive by the
//! clock whether or not answers come, and a latency counts from the moment the request was meant to be sent.

mod arrivals;
mod client;
mod latencies;

pub use client::{CLIENTS, Learn, Request, ask, chained, closed, open};
pub use latencies::Latencies;
