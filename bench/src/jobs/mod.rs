//! Jobs that do nothing, so that only what a queue itself costs is seen.

mod celery;
mod house;

pub use celery::celery;
pub use house::house;

pub struct Jobs {
    pub name: String,
    pub durability: String,
    /// Asked for one by one, each durable before the next of that client.
    pub enqueued: f64,
    /// From a full queue to the last end.
    pub done: f64,
    /// From the call that asks to the start of the job, in milliseconds; at `paced` jobs a second.
    pub p50: f64,
    pub p99: f64,
    pub paced: f64,
}
