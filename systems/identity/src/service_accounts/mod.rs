//! Service accounts: programs that a workspace lets in, without a person behind them.
//!
//! Owns what one is called and may do at most, and whether it is let in. Refuses to sign in: such an account acts by its API
//! keys, which are made where all keys are.

pub(crate) mod api;
mod model;
pub(crate) mod ops;
pub(crate) mod store;

pub(crate) use model::ServiceAccountId;
