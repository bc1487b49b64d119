//! What an operator at the machine does with workspaces, with or without a running server.
//!
//! Owns nothing. Refuses to know how the command was typed and how its answer is shown.

mod ops;

pub use ops::{Act, act, create, limits, list, set_limit, show};
