//! The way out against real sockets: what it must never reach, what it must survive, what it is good for.

mod bounds;
mod inside;
mod ordinary;
mod storm;
mod tls;
#[path = "../upstream/mod.rs"]
mod upstream;
