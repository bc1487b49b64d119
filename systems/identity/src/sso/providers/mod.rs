//! Providers: who is trusted to say who somebody is, and for whom.
//!
//! Owns what a provider is, those that an operator made at run time, and the one list of them and of those in the settings
//! file. Refuses to talk to any of them.

pub(crate) mod api;
mod api_body;
mod model;
mod ops;
pub(crate) mod store;

pub(crate) use model::{Provider, Provisioning};
pub(crate) use ops::{all, named};
