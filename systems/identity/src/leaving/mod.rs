//! Leaving: an account that is deleted after a time in which it can still be kept.
//!
//! Owns who may go, the way back, and what is left of somebody afterwards: an id without address or name, for what it stands
//! in. Refuses to know what other nouns keep of a person; each has its own `forget_person`.

pub(crate) mod api;
pub(crate) mod jobs;
pub(crate) mod ops;
