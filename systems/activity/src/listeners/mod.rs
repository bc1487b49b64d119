//! Listeners: whoever is told live what happens, over whichever kind of connection.
//!
//! Owns who listens, for how long, from which event on, and what of it he may know. Refuses to know how it is sent.

mod ops;
mod standing;

pub(crate) use ops::Listener;
pub(crate) use standing::Standing;
