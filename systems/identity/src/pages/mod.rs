//! The plain pages, until there is a console: what this is, the setup form, and where an invitation leads. No script, no inline
//! style.
//!
//! Owns their text. Refuses to know more of setup and invitations than their forms.

pub(crate) mod api;
mod api_invitation;
mod form;
mod invitation;
