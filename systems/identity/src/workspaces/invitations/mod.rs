//! Invitations: asking somebody into a workspace by mail, and what becomes of it.
//!
//! Owns the rows, of which only the hash of the token can be read. Refuses to tell whoever invites whether the address has an
//! account.

pub(crate) mod api;
pub(crate) mod api_guest;
mod model;
pub(crate) mod ops;
pub(crate) mod store;
