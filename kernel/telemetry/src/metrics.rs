//! Counters, gauges and histograms in the Prometheus text form.
//!
//! Every crate counts through the `metrics` facade; here is what keeps the numbers and prints them. There is no
//! listener here: `web` serves the text.

use std::time::Instant;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Bounds of every histogram whose name ends in `_seconds`.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Bounds of histograms that count things (`_size`): units in a group, bytes are not meant.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Counter,
    Gauge,
    Histogram,
}

/// A metric's line of help.
#[derive(Clone, Copy, Debug)]
pub struct Meaning {
    pub name: &'static str,
    pub shape: Shape,
    pub meaning: &'static str,
}

/// The metrics that belong to no system.
pub const OWN: &[Meaning] = &[
    counter("mainstay_panics_total", "Panics anywhere in the process."),
    counter("mainstay_task_panics_total", "Background tasks that panicked, by task."),
    counter("mainstay_upkeep_failures_total", "Turns of upkeep that ended in an error, by task."),
    counter("mainstay_log_lines_dropped_total", "Log lines that found the queue to the writer full."),
    gauge("process_resident_memory_bytes", "Memory of the process that is in RAM."),
    gauge("process_open_fds", "Open files and sockets."),
    gauge("process_max_fds", "How many files and sockets the process may have open."),
    gauge("process_uptime_seconds", "Seconds since the process started."),
    gauge("mainstay_build_info", "Always 1; the label has the version."),
];

pub const fn counter(name: &'static str, meaning: &'static str) -> Meaning {
    Meaning { name, shape: Shape::Counter, meaning }
}

pub const fn gauge(name: &'static str, meaning: &'static str) -> Meaning {
    Meaning { name, shape: Shape::Gauge, meaning }
}

pub const fn histogram(name: &'static str, meaning: &'static str) -> Meaning {
    Meaning { name, shape: Shape::Histogram, meaning }
}

/// The numbers of this process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    started: Instant,
}

#[derive(Debug, thiserror::Error)]
#[error("the metrics of this process are already installed")]
pub struct Twice;

impl Metrics {
    /// Makes this the keeper of everything the process counts from here on.
    pub fn install(version: &'static str) -> Result<Self, Twice> {
        let (recorder, this) = Self::build();
        metrics::set_global_recorder(recorder).map_err(|_| Twice)?;
        metrics::gauge!("mainstay_build_info", "version" => version).set(1.0);
        Ok(this)
    }

    /// A keeper that is not installed: for tests (`metrics::with_local_recorder`).
    #[allow(
        clippy::disallowed_methods,
        reason = "uptime is a span of the monotonic clock; `tasks` stands above us"
    )]
    pub fn build() -> (PrometheusRecorder, Self) {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|b| b.set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZES))
            .expect("the bounds are not empty")
            .build_recorder();
        let handle = recorder.handle();
        (recorder, Self { handle, started: Instant::now() })
    }

    /// All numbers as text, the process's own fresh.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        let mut text = self.handle.render();
        process(self.started.elapsed().as_secs_f64(), &mut text);
        text
    }

    /// Folds the samples of the histograms together. Belongs on a timer, or they pile up while nobody asks.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// Gives metrics their lines of help.
pub fn describe(all: &[Meaning]) {
    for one in all {
        match one.shape {
            Shape::Counter => metrics::describe_counter!(one.name, one.meaning),
            Shape::Gauge => metrics::describe_gauge!(one.name, one.meaning),
            Shape::Histogram => metrics::describe_histogram!(one.name, one.meaning),
        }
    }
}

/// Memory, files and age, read when asked for: three small files of `/proc`.
fn process(uptime: f64, text: &mut String) {
    use std::fmt::Write as _;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let rss = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let fds = std::fs::read_dir("/proc/self/fd").ok().map(|all| all.count() as u64);
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let max = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse::<u64>().ok());
    let known = [
        ("process_resident_memory_bytes", rss.map(|kb| kb * 1024)),
        ("process_open_fds", fds),
        ("process_max_fds", max),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            let _ = write!(text, "{}# TYPE {name} gauge\n{name} {value}\n\n", help(name));
        }
    }
    let name = "process_uptime_seconds";
    let _ = write!(text, "{}# TYPE {name} gauge\n{name} {uptime:.3}\n\n", help(name));
}

fn help(name: &str) -> String {
    OWN.iter()
        .find(|one| one.name == name)
        .map_or_else(String::new, |one| format!("# HELP {name} {}\n", one.meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_buckets_names_have_help_and_the_process_counts_itself() {
        let (recorder, kept) = Metrics::build();
        metrics::with_local_recorder(&recorder, || {
            describe(&[
                histogram("mainstay_request_seconds", "How long."),
                counter("mainstay_requests_total", "All."),
            ]);
            metrics::histogram!("mainstay_request_seconds", "route" => "/a").record(0.003);
            metrics::counter!("mainstay_requests_total", "evil" => "a\"b\nc").increment(2);
        });
        let text = kept.render();
        for part in [
            "# HELP mainstay_request_seconds How long.",
            "mainstay_request_seconds_bucket{route=\"/a\",le=\"0.005\"} 1",
            "mainstay_requests_total{evil=\"a\\\"b\\nc\"} 2",
            "# TYPE process_resident_memory_bytes gauge",
            "process_open_fds ",
            "process_uptime_seconds ",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
