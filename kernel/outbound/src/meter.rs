//! What is counted on the way out.

use telemetry::metrics::{Meaning, counter, gauge, histogram};

pub const METRICS: &[Meaning] = &[
    counter(
        "outbound_requests_total",
        "Requests to other servers, by label and outcome: the class of the status, or what went wrong.",
    ),
    counter(
        "outbound_attempts_total",
        "Attempts of these requests, retries and redirects included, by label.",
    ),
    histogram("outbound_request_seconds", "How long they took with everything, by label."),
    counter(
        "outbound_left_alone_total",
        "How often a host failed so often in a row that it is left alone for a while.",
    ),
    gauge("outbound_in_flight", "Requests to other servers that are under way."),
];

pub(crate) fn left_alone() {
    metrics::counter!("outbound_left_alone_total").increment(1);
}

pub(crate) fn attempt(label: &'static str) {
    metrics::counter!("outbound_attempts_total", "label" => label).increment(1);
}

pub(crate) fn ended(label: &'static str, outcome: &'static str, seconds: f64) {
    metrics::counter!("outbound_requests_total", "label" => label, "outcome" => outcome).increment(1);
    metrics::histogram!("outbound_request_seconds", "label" => label).record(seconds);
}

/// Counts a request as under way, also when its caller stops waiting.
pub(crate) struct InFlight;

impl InFlight {
    pub(crate) fn begin() -> Self {
        metrics::gauge!("outbound_in_flight").increment(1.0);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!("outbound_in_flight").decrement(1.0);
    }
}
