//! Status events: what was reported of a service, when and by whom. Never changed afterwards.

mod api;
mod model;
mod ops;
pub(crate) mod store;

pub(crate) use api::routes;
pub(crate) use model::EVENT_TYPES;
pub(crate) use store::forget;
