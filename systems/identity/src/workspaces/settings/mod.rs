//! What a workspace decides for itself: one row with a revision.
//!
//! Owns the answers. Refuses to enforce them: whoever asks does that.

pub(crate) mod api;
mod model;
pub(crate) mod ops;
pub(crate) mod store;
