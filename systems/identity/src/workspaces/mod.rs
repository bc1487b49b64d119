//! Workspaces: the tenants that everything else belongs to, and what their members may do.

pub(crate) mod api;
pub(crate) mod members;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use members::Membership;
pub(crate) use model::{NAME_MAX, Realm, Role, Roles, WorkspaceRow, slug_of};
