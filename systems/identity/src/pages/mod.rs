//! The plain pages, until there is a console: what this is, the setup form, and where mailed links lead. No inline
//! script or style, and none of them needs a script.
//!
//! Owns their text. Refuses to know more of what they do than their forms.

pub(crate) mod api;
mod api_invitation;
mod api_links;
mod form;
mod invitation;
