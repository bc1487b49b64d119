//! Deliveries: one event on its way to one webhook.
//!
//! Owns sending it, signed, until it arrives or three days are over; what was said on both sides; and sending it once more by
//! hand. A delivery keeps its id in every attempt, so whoever hears of it twice can tell. Refuses to promise an order: one
//! that failed is overtaken by those after it.

pub(super) mod api;
pub(crate) mod jobs;
mod model;
pub(super) mod ops;
mod ops_send;
pub(super) mod store;

use db::Migration;

pub(super) use model::DeliveryRow;

pub(crate) const MIGRATION: Migration = db::migration!("0011_webhook_deliveries");
pub(crate) const WAITING: Migration = db::migration!("0012_waiting_deliveries");
