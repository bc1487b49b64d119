//! What an operator at the machine may ask of keys and sessions.
//!
//! Owns what the command line prints of them. Refuses to know whether a server runs: it is handed an app.

mod ops;

pub use ops::{
    NewKey, create_key, list_keys, list_sessions, revoke_key, revoke_session, revoke_sessions, rotate_signing,
};
