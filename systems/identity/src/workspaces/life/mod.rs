//! How a workspace stands: enabled for a time, suspended, archived, paused, deleted and soon forgotten.
//!
//! Owns those states and what leads from one to the other. Refuses to know what is in a workspace: each system forgets its own.

pub(crate) mod api;
pub(crate) mod jobs;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use model::Life;
pub(crate) use ops::Step;
