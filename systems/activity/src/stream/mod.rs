//! The live stream: Server-Sent Events to a listener.
//!
//! Owns the form of the stream. A message says that something changed and to which version, never to what: whoever
//! wants to know asks, and is authorised for the answer.

mod api;
mod model;

pub(crate) use api::routes;
