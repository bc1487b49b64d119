//! What an operator at the machine may ask of keys and sessions.
//!
//! Owns what the command line prints of them. Refuses to know whether a server runs: it is handed an app.

mod ops;

pub use ops::rotate_signing;
