//! The standing of every host with every lane, as far as it is worth remembering.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::standing::{Pass, Rules, Standing, Verdict};

/// Tenants name hosts, so their number is bounded.
const MOST: usize = 4096;
const STALE: Duration = Duration::from_mins(10);

#[derive(Default)]
pub(crate) struct Hosts(Mutex<HashMap<(String, String), Known>>);

pub(crate) type Known = Arc<Mutex<Standing>>;

impl Hosts {
    pub(crate) fn known(&self, lane: &str, origin: String) -> Known {
        let now = Instant::now();
        let mut all = self.0.lock();
        if all.len() >= MOST {
            all.retain(|_, known| Arc::strong_count(known) > 1 || !known.lock().is_stale(now, STALE));
        }
        if all.len() >= MOST {
            // Better to forget how hosts stand than to remember without end.
            all.retain(|_, known| Arc::strong_count(known) > 1);
        }
        let known = all.entry((lane.to_owned(), origin));
        Arc::clone(known.or_insert_with(|| Arc::new(Mutex::new(Standing::new(now)))))
    }
}

/// A pass in somebody's hands. Given up without a word, it frees the place of the probe.
pub(crate) struct Held {
    known: Known,
    pass: Option<Pass>,
    rules: Rules,
}

impl Held {
    pub(crate) fn take(known: &Known, rules: Rules) -> Result<Self, Duration> {
        let pass = known.lock().admit(Instant::now(), rules)?;
        Ok(Self { known: Arc::clone(known), pass: Some(pass), rules })
    }

    pub(crate) fn report(mut self, verdict: Verdict) {
        self.tell(verdict);
    }

    fn tell(&mut self, verdict: Verdict) {
        let Some(pass) = self.pass.take() else { return };
        if self.known.lock().report(Instant::now(), pass, verdict, self.rules) {
            crate::meter::left_alone();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.tell(Verdict::Unknown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tenants_name_is_not_remembered_without_end() {
        let hosts = Hosts::default();
        let kept = hosts.known("a", "https://kept.example".to_owned());
        for number in 0..3 * MOST {
            hosts.known("a", format!("https://{number}.example"));
        }
        assert!(hosts.0.lock().len() <= MOST);
        assert!(Arc::ptr_eq(&kept, &hosts.known("a", "https://kept.example".to_owned())), "it is in use");
        assert!(!Arc::ptr_eq(&kept, &hosts.known("b", "https://kept.example".to_owned())), "lanes are apart");
    }
}
