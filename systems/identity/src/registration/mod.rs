//! Registration: how a stranger becomes a person.
//!
//! There is nobody until the address is proven: asking mails a link, and whoever opens it chooses the password. So nobody can
//! prepare an account for somebody else's address (ADR 0022). Refuses to know invitations.

pub(crate) mod api;
pub(crate) mod ops;

pub(crate) use api::RegistrationIn;
