//! All the SQL of the queue.
//!
//! Whoever changes the state of a job does it with a condition on what it was, counts up `lines` in the same statement, and
//! writes the line with that number: so lines never collide, and no change is without one.

pub(crate) mod attempts;
pub(crate) mod claim;
pub(crate) mod jobs;
pub(crate) mod lines;
mod many;
pub(crate) mod nodes;
mod rows;
pub(crate) mod schedules;
pub(crate) mod steer;

pub(crate) use rows::Head;
pub use rows::{JobLine, JobRow, LineKind, State};
