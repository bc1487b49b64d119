//! Workspaces: the tenants that everything else belongs to, and what their members may do.

pub(crate) mod api;
pub(crate) mod api_shapes;
pub mod control;
pub(crate) mod invitations;
pub(crate) mod life;
pub(crate) mod limits;
pub(crate) mod members;
mod model;
pub(crate) mod operators;
pub(crate) mod ops;
pub(crate) mod roles;
pub(crate) mod settings;
pub(crate) mod store;
pub(crate) mod transfers;

pub(crate) use members::Membership;
pub(crate) use model::{NAME_MAX, WorkspaceRow, slug_of};
pub use roles::Role;
pub(crate) use roles::{Realm, Roles};
