//! Who belongs to a workspace, and as what.

pub(crate) mod api;
pub(crate) mod api_own;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use model::Membership;
