//! Services: what a status is reported of. A service exists from its first status event on.

mod api;
pub(crate) mod model;
mod ops;
pub(crate) mod store;

pub(crate) use api::routes;
