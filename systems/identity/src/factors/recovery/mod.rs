//! Recovery codes: ten on paper, for whoever lost the device.
//!
//! Owns their hashes; each works once. They are no factor of their own, they stand in for one.

mod code;
pub(crate) mod ops;
pub(crate) mod store;
