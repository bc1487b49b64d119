//! Who belongs to a workspace, and as what.

pub mod api;
mod model;
pub mod ops;
pub mod store;

pub use model::{MemberRow, Membership};
