//! Presence: who is on a topic, within a workspace.
//!
//! Owns the roll of every topic, on this node and, with PostgreSQL, on the others. Refuses to know sockets and rights:
//! whoever enters a topic was let in by somebody else.

mod model;
mod ops;
mod store;

pub(crate) use model::{Crowd, Told};
pub(crate) use ops::{Presences, Seat};
pub(crate) use store::{MIGRATION, forget, prune};
