//! The figures this crate gives out, each named once.

use telemetry::metrics::{Meaning, counter, gauge};

/// What the numbers of this crate mean.
pub const METRICS: &[Meaning] = &[
    gauge(
        "limiter_store_up",
        "1 while the shared store of the limits answers, 0 while each node counts alone.",
    ),
    counter(
        "limiter_local_total",
        "Requests counted by this node alone because the store was lost, by tier.",
    ),
];
