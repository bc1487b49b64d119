//! Another address for a person: asked for with the password, and agreed to at both ends.
//!
//! Whoever took over a session and knows the password still cannot take the account away, because the mailbox of the owner
//! has to agree; and nobody can point an account at a mailbox that is not theirs. Who lost the old mailbox asks an
//! operator. Refuses to know how letters look.

pub(crate) mod api;
pub(crate) mod ops;

pub(crate) use api::AgreeIn;
