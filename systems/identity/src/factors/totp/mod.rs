//! Codes by the clock, as authenticator apps show them (RFC 6238).
//!
//! Owns the secrets, encrypted, and the newest time step that was used: a code is good once, and so is every older one.

pub(crate) mod api;
mod code;
mod enrolment;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use code::is_code;
