//! Sessions: signing in, staying signed in, and the end of it.
//!
//! Owns the rows and the rule of rotation. Refuses to know how access tokens are written.

pub(crate) mod api;
pub(crate) mod jobs;
mod model;
pub(crate) mod ops;
mod refresh;
pub(crate) mod siege;
mod store;

pub(crate) use model::{SessionId, TokenPair};
