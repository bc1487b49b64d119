//! What every request counts, found once: looking a figure up by its name and labels costs more than counting.
//!
//! Owns the handles of the figures by method, route template and status, of which there are few. Refuses words of callers.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::StatusCode;
use metrics::{Counter, Gauge, Histogram};
use parking_lot::RwLock;

type ByRoute = HashMap<Arc<str>, Answers>;

/// The figures of one edge. They are asked for at the first request, when whoever keeps them is installed.
#[derive(Default)]
pub(super) struct Figures {
    answers: RwLock<HashMap<(&'static str, StatusCode), ByRoute>>,
    in_flight: OnceLock<Gauge>,
}

/// Answers of one method, route and status.
struct Answers {
    total: Counter,
    took: Histogram,
    /// Of the route alone; none where the answer is a good one.
    bad: Option<Counter>,
}

impl Answers {
    fn new(method: &'static str, route: &Arc<str>, status: StatusCode) -> Self {
        let (route, code) = (|| Arc::clone(route), status.as_str().to_owned());
        Self {
            total: metrics::counter!("http_requests_total", "method" => method, "route" => route(), "status" => code),
            took: metrics::histogram!("http_request_duration_seconds", "method" => method, "route" => route()),
            bad: if status.is_client_error() {
                Some(metrics::counter!("http_4xx_total", "route" => route()))
            } else if status.is_server_error() {
                Some(metrics::counter!("http_5xx_total", "route" => route()))
            } else {
                None
            },
        }
    }

    fn count(&self, took: Duration) {
        self.total.increment(1);
        self.took.record(took.as_secs_f64());
        if let Some(bad) = &self.bad {
            bad.increment(1);
        }
    }
}

impl Figures {
    pub(super) fn count(&self, method: &'static str, route: &str, status: StatusCode, took: Duration) {
        let known = self.answers.read();
        if let Some(answers) = known.get(&(method, status)).and_then(|routes| routes.get(route)) {
            return answers.count(took);
        }
        drop(known);
        let route: Arc<str> = route.into();
        let answers = Answers::new(method, &route, status);
        answers.count(took);
        self.answers.write().entry((method, status)).or_default().insert(route, answers);
    }

    pub(super) fn in_flight(&self) -> &Gauge {
        self.in_flight.get_or_init(|| metrics::gauge!("http_requests_in_flight"))
    }
}
