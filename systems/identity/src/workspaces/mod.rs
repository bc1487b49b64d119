//! Workspaces: the tenants that everything else belongs to, and what their members may do.

pub(crate) mod api;
pub(crate) mod members;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use members::Membership;
pub use model::Role;
pub(crate) use model::{NAME_MAX, Realm, Roles, WorkspaceRow, slug_of};
