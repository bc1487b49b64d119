//! Mail from the commit that asks for it to the server that takes it, on both engines.

#![allow(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod delivery;
mod hostile;
mod place;
mod tls;
