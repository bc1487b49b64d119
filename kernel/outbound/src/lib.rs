//! The only way out: every HTTP request that this house sends to others.
//!
//! Owns where a request may go, how long and how large everything may get, when it is tried again, and when a host is
//! left alone. Refuses to know what is asked and what the answer means. Nothing is unpacked, no connection is kept, no
//! proxy is believed.

mod address;
mod attempt;
mod error;
pub mod faults;
mod hosts;
mod meter;
mod pause;
mod request;
mod resolve;
mod send;
mod standing;
mod target;
mod tls;
mod turns;

pub use error::{Error, Phase, Refusal};
pub use meter::METRICS;
pub use request::{Answer, Request};
pub use resolve::Resolve;
pub use send::Outbound;

pub use http::{HeaderMap, Method, StatusCode, header};
