//! What identity writes to people: which letter says what, and the job that writes it.
//!
//! Whoever asks for a letter to an address, a stranger too, gets one job and one answer: whether anybody has the address
//! is looked up by the job, so no answer can tell it, not even by its time. Refuses to know what a link does.

pub(crate) mod jobs;
mod model;
mod ops;
mod ops_drafts;
mod words;

pub(crate) use model::{Letter, News};
pub(crate) use ops::{ask, ask_as_stranger, door};
