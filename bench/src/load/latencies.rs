//! Measured times, kept one by one: the runs are short enough for that.

use std::time::Duration;

#[derive(Debug, Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    pub fn add(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub fn sorted(mut self) -> Self {
        self.0.sort_unstable();
        self
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// In milliseconds. Of [`Latencies::sorted`] ones only.
    pub fn quantile(&self, part: f64) -> f64 {
        if self.0.is_empty() {
            return f64::NAN;
        }
        let at = (part * self.0.len() as f64) as usize;
        f64::from(self.0[at.min(self.0.len() - 1)]) / 1000.0
    }
}
