//! The edge, tried from outside: bytes over a socket to a router of its own.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod attacks;
mod bodies;
mod browsers;
mod h2;
mod house;
mod logs;
mod probes;
mod routing;
mod stopping;
