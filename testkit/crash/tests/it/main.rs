//! The promises that a kill must not break, on both engines.

#![allow(clippy::disallowed_methods, reason = "a test steers processes and their time")]

mod p1;
