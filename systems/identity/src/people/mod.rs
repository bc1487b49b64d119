//! People: who they are, how they prove it, and what they may do to the whole installation.
//!
//! Refuses to know workspaces: where somebody may act is said by memberships.

pub mod api;
mod model;
pub mod ops;
mod password;
pub mod store;

pub use model::{Email, PersonRow, Status, check_line, check_password, email_key, password_text};
pub use password::{Cost, Passwords};
