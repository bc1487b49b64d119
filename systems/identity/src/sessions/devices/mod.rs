//! What somebody calls the devices that they are signed in on.
//!
//! Owns one session seen alone, and its name. Refuses to end it: that is in the list beside.

pub(crate) mod api;
