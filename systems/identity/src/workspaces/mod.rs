//! Workspaces: the tenants that everything else belongs to, and what their members may do.

pub mod api;
pub mod members;
mod model;
pub mod ops;
pub mod store;

pub use members::Membership;
pub use model::{NAME_MAX, Realm, Role, Roles, WorkspaceRow, is_slug, slug_of};
