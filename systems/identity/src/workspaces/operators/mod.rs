//! All workspaces, for the operator of the installation: seen, suspended, archived, deleted, limited.
//!
//! Owns the way in for somebody who is no member. Refuses to show what is inside a workspace.

pub(crate) mod api;
pub(crate) mod api_limits;
pub(crate) mod ops;
