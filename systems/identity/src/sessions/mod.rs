//! Sessions: signing in, staying signed in, and the end of it.
//!
//! Owns the rows and the rule of rotation. Refuses to know how access tokens are written.

pub(crate) mod api;
pub(crate) mod cookies;
pub(crate) mod devices;
pub(crate) mod jobs;
mod kind;
mod model;
pub(crate) mod ops;
mod refresh;
pub(crate) mod siege;
pub(crate) mod store;

pub(crate) use kind::SessionKind;
pub(crate) use model::{Origin, SessionId, SessionOut, TokenPair};
