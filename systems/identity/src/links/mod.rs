//! Links that are mailed to somebody and work once: what each is good for, for how long, and that it is used up.
//!
//! Owns the rows, of which only the hash of the token can be read. Refuses to know what a link's purpose does.

pub(crate) mod jobs;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use model::{LinkRow, NewLink, Purpose, Token};
