//! Jobs over HTTP, on both engines.

mod house;
mod queues;
mod steering;
mod stream;
mod tenants;
