//! Sessions of browsers: signed in by a cookie instead of by tokens.
//!
//! Owns the text of the cookie and the one way it gets onto a reply ([`issue`], [`again`]). Such a session is a row like every
//! other, listed and ended with the others. Refuses to know how a cookie is called and what a page must prove with it:
//! `web` does. Whoever opens a session for a browser asks [`web::Way::of`] first, opens it as [`super::SessionKind::Cookie`], and puts
//! on the reply what [`issue`] gives. Whoever raises what a session may do calls [`renew`] in the same commit and
//! puts [`again`] on the reply: the cookie before is worth nothing from then on.

pub(crate) mod api;
mod model;
mod ops;

pub(crate) use model::{session_of, text};
pub(crate) use ops::{again, cleared, issue, leave_old, of, renew, replaced};
