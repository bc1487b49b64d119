//! Greeting: from an open socket to somebody who is known and knows from where he goes on.
//!
//! Owns the first message. Refuses to know what comes after it.

mod ops;

pub(super) use ops::{Door, Open, serve};
