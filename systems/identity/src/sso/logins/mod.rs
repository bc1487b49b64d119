//! Logins: one person on the way to a provider and back.
//!
//! Owns what binds the way back to the way there: the state, the verifier and the nonce, sealed into a cookie of the one browser
//! that began. The database only learns which states were used, so beginning writes nothing and a crowd that begins fills no disk.
//! Refuses to know whose account it is.

pub(crate) mod api;
mod model;
mod ops;
pub(crate) mod store;

pub(crate) use model::is_own_path;
pub(crate) use ops::callback_url;
