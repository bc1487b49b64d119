//! API keys: made, listed, revoked. What a request with one may do is settled in `callers`.

pub(crate) mod api;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use model::{ApiKeyRow, prefix_of};
