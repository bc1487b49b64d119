//! API keys: made, listed, revoked. What a request with one may do is settled in `callers`.
//!
//! Three kinds: a person's, which never may more than they; a service account's; and publishable ones, which stand in web
//! pages and are no secret. Owns their text, of which only the hash is kept.

pub(crate) mod api;
mod model;
pub(crate) mod ops;
pub(crate) mod origins;
pub(crate) mod store;

pub(crate) use api::check_permissions;
pub(crate) use model::{ApiKeyRow, prefix_of};
pub(crate) use ops::Maker;
