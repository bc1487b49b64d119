//! Identities: which account belongs to whom at a provider.
//!
//! Owns the rule of linking (ADR 25): (issuer, subject) first; then a verified address, and into an account with a password only
//! by that password. Refuses to know how a provider proves somebody.

pub(crate) mod api;
mod model;
mod ops;
pub(crate) mod store;

pub(crate) use model::SsoIdentityOut;
pub(crate) use ops::{Arrival, Link, arrive, has_another_way_in, last_way_in, link_by_password};
