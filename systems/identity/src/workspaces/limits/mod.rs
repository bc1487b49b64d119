//! Limits: how much a workspace may have, and how much of that it has.
//!
//! Owns the numbers that the operator sets. Refuses to know what is counted: it asks each noun's table how many there are.

pub(crate) mod api;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use model::{Allowed, Name};
