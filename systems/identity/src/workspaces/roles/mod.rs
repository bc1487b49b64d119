//! Roles: the four that every workspace has, and those that a workspace makes for itself of permissions.
//!
//! Owns what a role may do. Refuses to know who has one: that is `members`.

pub(crate) mod api;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub use model::Role;
pub(crate) use model::{Post, Roles};
pub(crate) use web::Realm;
