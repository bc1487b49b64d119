//! What an operator at the machine may ask of jobs and queues.

mod ops;

pub use ops::{cancel, list, pause, retry, show};
