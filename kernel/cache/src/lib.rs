//! Small state that many requests share: counters in fixed windows of real time.
//!
//! Owns how often a key was hit in its window, in this process or in a store that the nodes share, and the memory that
//! takes. Refuses to know what is being counted, what the limits are and what happens to a caller who went over.

mod counters;
#[cfg(feature = "faults")]
pub mod faults;
mod memory;
mod meter;
mod shared;
mod verdict;
mod window;

pub use counters::{Counters, StoreState};
pub use meter::METRICS;
pub use shared::{BadStore, SharedOptions, look};
pub use verdict::{Key, Verdict};
