//! API keys: made, listed, revoked. What a request with one may do is settled in `callers`.

pub mod api;
mod model;
pub mod ops;
pub mod store;

pub use model::{ApiKeyId, ApiKeyRow, prefix_of};
