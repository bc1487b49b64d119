//! The last step: whoever was proven gets a session, as a pair of tokens or as a browser's cookie.
//!
//! Owns how that is answered, and the page that asks for a password in between. Refuses to know how anybody was proven.

pub(crate) mod api;
mod api_form;
