//! Setup: how the first administrator comes to be, once.

pub mod api;
pub mod ops;
mod store;

pub use api::SetupIn;
pub use ops::{is_done, new_link, perform};
