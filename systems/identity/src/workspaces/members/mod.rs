//! Who belongs to a workspace, and as what.

pub(crate) mod api;
pub(crate) mod api_own;
mod model;
pub(crate) mod ops;
mod ops_directory;
pub(crate) mod ops_sign_ins;
pub(crate) mod store;

pub(crate) use model::Membership;
