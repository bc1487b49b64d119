//! The change feed: everything that happened, oldest first, to be followed by asking again.

mod api;

pub(crate) use api::routes;
