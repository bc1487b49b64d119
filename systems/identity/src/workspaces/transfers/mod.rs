//! Giving a workspace to another owner: one offers, the other accepts.
//!
//! Owns the offer. Refuses to make anybody an owner who did not agree.

pub(crate) mod api;
mod model;
pub(crate) mod ops;
pub(crate) mod store;
