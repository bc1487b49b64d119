//! The live socket: a connection on which a client says what it wants to hear of, and is told.
//!
//! Owns the messages of both directions, topics, heartbeats and the close codes. A message says that something changed
//! and to which version, never to what. Refuses to know frames, which are `web`'s, and how changes get here.

mod api;
mod greeting;
mod model;
mod ops;
mod topics;

pub(crate) use api::routes;
pub(crate) use topics::Catalogue;

types::typed_id!(
    /// One connection to the live socket, for as long as it is open.
    ConnectionId,
    "con"
);
