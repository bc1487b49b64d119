//! The audit: who did what, when and from where, for those who answer for a workspace, and for operators.
//!
//! Owns how the journal is searched and handed out for that. Keeps nothing of its own: it reads the one journal. Refuses to
//! show what an event says to somebody who may not read events of its kind: he learns that it happened.

mod api;
mod api_export;
mod model;

pub(crate) use api::routes;
