//! Queues and schedules: what waits in them, what comes next, and who paused what.

mod api;
pub(crate) mod model;

pub(crate) use api::routes;
