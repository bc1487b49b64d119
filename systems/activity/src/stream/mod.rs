//! The live stream: a connection that stays open and is told what happens.
//!
//! Owns who listens, for how long, and what a message says. A message says that something changed and to which
//! version, never to what: whoever wants to know asks, and is authorised for the answer.

mod api;
mod model;
mod ops;
mod places;
mod settings;

pub(crate) use api::routes;
pub(crate) use places::Places;
pub use settings::ActivitySettings;
