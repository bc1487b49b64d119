//! The limits below HTTP: the statements of one create, in the tables that Mainstay made itself, driven without a request.

mod grouped;
mod pgbench;
pub mod random;
mod single;

pub use grouped::{grouped, open, scope};
pub use pgbench::pgbench;
pub use single::single;

/// What was reached, and what of it one core had to do.
pub struct Limit {
    pub name: String,
    pub durability: String,
    pub rate: f64,
    pub p99: f64,
}
