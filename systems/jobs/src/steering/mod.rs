//! Steering one job: cancelling it, and trying it again.

mod api;
mod ops;

pub(crate) use api::routes;
