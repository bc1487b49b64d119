//! Followers of the journal: one for each workspace that somebody listens to on this node.
//!
//! Owns reading what is new, once however many listen, and handing it to all of them. Refuses to know who listens
//! and what each may see: that is for the listener to judge.

mod model;
mod ops;

pub(crate) use model::Change;
pub(crate) use ops::{Changes, Followers};
