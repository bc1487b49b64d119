//! The way out against real sockets: what it must never reach, what it must survive, what it is good for.

mod bounds;
mod inside;
#[path = "../names/mod.rs"]
mod names;
mod ordinary;
mod storm;
mod tls;
