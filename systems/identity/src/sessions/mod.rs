//! Sessions: signing in, staying signed in, and the end of it.
//!
//! Owns the rows and the rule of rotation. Refuses to know how access tokens are written.

pub mod api;
pub mod jobs;
mod model;
pub mod ops;
mod refresh;
pub mod store;

pub use model::{Origin, SessionId, SessionOut, SessionRow, TokenPair};
