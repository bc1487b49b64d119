//! The public halves of the signing keys, for everybody who wants to check a token without asking us (RFC 7517, RFC 8037).
//!
//! Owns the address and the form. Refuses to show anything that signs.

pub(crate) mod api;
