//! Setup: how the first administrator comes to be, once.

pub(crate) mod api;
pub(crate) mod ops;
mod store;

pub(crate) use api::SetupIn;
pub use ops::{is_done, link, new_link};
pub(crate) use ops::{perform, stranger};
