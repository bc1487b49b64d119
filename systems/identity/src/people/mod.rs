//! People: who they are, how they prove it, and what they may do to the whole installation.
//!
//! Refuses to know workspaces: where somebody may act is said by memberships.

pub(crate) mod api;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use model::{Email, PersonRow, check_line, check_password, password_text};
pub use model::{Status, email_key};
