//! People: who they are, how they prove it, and what they may do to the whole installation.
//!
//! Refuses to know workspaces: where somebody may act is said by memberships.

pub(crate) mod api;
pub(crate) mod api_export;
pub(crate) mod api_people;
mod model;
pub(crate) mod ops;
pub(crate) mod ops_links;
pub(crate) mod store;

pub(crate) use api_people::{PersonOut, status};
pub(crate) use model::{
    Email, NAME_MAX, PersonRow, check_line, check_password, check_password_of, is_endless, password_text,
};
pub use model::{Status, email_key};
