//! The plain pages, until there is a console: what this is, and the setup form. No script, no inline style.
//!
//! Owns their text. Refuses to know more of setup than its form.

pub(crate) mod api;
mod form;
