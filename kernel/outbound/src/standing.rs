//! How a host stands with one lane: whether it is left alone, and how many retries it is still worth. Pure but for the
//! random part of a pause.
//!
//! Each lane has its own picture of a host, so that nobody can have a host left alone for others.

use std::time::Duration;

use tokio::time::Instant;

use crate::faults::{Fault, planted};

/// Retries in hand at most, and those of a host that was never asked before.
const MOST_TOKENS: f64 = 10.0;
const FIRST_TOKENS: f64 = 2.0;
/// The longest rest, in first rests.
const LONGEST: u32 = 12;

/// What the settings say of it.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) failures: u32,
    pub(crate) rest: Duration,
    pub(crate) retry_percent: u32,
}

/// How an attempt ended, for the standing of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Bad,
    /// It says nothing of the host: given up, or stopped by our own rules.
    Unknown,
}

pub(crate) struct Standing {
    tokens: f64,
    failures: u32,
    /// The rest that was taken last; none while the host is well.
    rest: Option<Duration>,
    until: Instant,
    /// One attempt is out to see whether the host is well again.
    probing: bool,
    /// `Retry-After`.
    asked_until: Instant,
    used: Instant,
}

/// A pass for one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) probe: bool,
}

impl Standing {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            tokens: FIRST_TOKENS,
            failures: 0,
            rest: None,
            until: now,
            probing: false,
            asked_until: now,
            used: now,
        }
    }

    /// How long the host is to be left alone still.
    pub(crate) fn rests(&self, now: Instant, rules: Rules) -> Result<(), Duration> {
        if planted(Fault::RetryForEver) {
            return Ok(());
        }
        let until = if self.rest.is_some() { self.until.max(self.asked_until) } else { self.asked_until };
        if now < until {
            return Err(until - now);
        }
        if self.probing { Err(rules.rest) } else { Ok(()) }
    }

    /// A pass, or how long the host is to be left alone. The first after a rest is the probe.
    pub(crate) fn admit(&mut self, now: Instant, rules: Rules) -> Result<Pass, Duration> {
        self.used = now;
        self.rests(now, rules)?;
        let probe = self.rest.is_some();
        self.probing = probe;
        Ok(Pass { probe })
    }

    /// Tells whether the host is left alone from here on.
    pub(crate) fn report(&mut self, now: Instant, pass: Pass, verdict: Verdict, rules: Rules) -> bool {
        if pass.probe {
            self.probing = false;
        }
        match verdict {
            Verdict::Unknown => false,
            Verdict::Good => {
                // A late answer to an attempt from before does not end a rest; only the probe does.
                if pass.probe || self.rest.is_none() {
                    self.failures = 0;
                    self.rest = None;
                }
                false
            }
            Verdict::Bad => {
                self.failures = self.failures.saturating_add(1);
                let opens = pass.probe || (self.rest.is_none() && self.failures >= rules.failures);
                if opens {
                    let next = self.rest.map_or(rules.rest, |last| (last * 2).min(rules.rest * LONGEST));
                    self.rest = Some(next);
                    // Hosts that fell together do not all get up at the same moment.
                    self.until = now + next.mul_f64(rand::random_range(0.9..1.1));
                }
                opens
            }
        }
    }

    /// The host asked for a pause.
    pub(crate) fn pause(&mut self, until: Instant) {
        self.asked_until = self.asked_until.max(until);
    }

    /// A first attempt earns a part of a retry.
    pub(crate) fn earn(&mut self, rules: Rules) {
        self.tokens = (self.tokens + f64::from(rules.retry_percent) / 100.0).min(MOST_TOKENS);
    }

    /// Whether one more retry is worth it.
    pub(crate) fn spend(&mut self, rules: Rules) -> bool {
        if planted(Fault::RetryForEver) {
            return true;
        }
        let may = rules.retry_percent > 0 && self.tokens >= 1.0;
        if may {
            self.tokens -= 1.0;
        }
        may
    }

    /// Whether it can be forgotten without harm.
    pub(crate) fn is_stale(&self, now: Instant, after: Duration) -> bool {
        now >= self.used + after && now >= self.until && now >= self.asked_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { failures: 3, rest: Duration::from_secs(5), retry_percent: 10 };

    fn fail(standing: &mut Standing, now: Instant) -> bool {
        let pass = standing.admit(now, RULES).expect("it is not left alone");
        standing.report(now, pass, Verdict::Bad, RULES)
    }

    #[test]
    fn failures_in_a_row_have_it_left_alone_and_one_probe_decides() {
        let mut now = Instant::now();
        let mut host = Standing::new(now);
        assert!(!fail(&mut host, now));
        assert!(!fail(&mut host, now));
        let pass = host.admit(now, RULES).unwrap();
        host.report(now, pass, Verdict::Good, RULES);
        assert!(!fail(&mut host, now) && !fail(&mut host, now), "a success begins the count anew");
        assert!(fail(&mut host, now));
        let wait = host.admit(now, RULES).unwrap_err();
        assert!((4..=6).contains(&wait.as_secs()), "{wait:?}");

        now += Duration::from_secs(6);
        let probe = host.admit(now, RULES).unwrap();
        assert!(probe.probe);
        assert!(host.admit(now, RULES).is_err(), "a second one while the first is out");
        assert!(host.report(now, probe, Verdict::Bad, RULES));
        let wait = host.admit(now, RULES).unwrap_err();
        assert!((8..=11).contains(&wait.as_secs()), "the second rest is longer: {wait:?}");

        now += Duration::from_secs(12);
        let probe = host.admit(now, RULES).unwrap();
        host.report(now, probe, Verdict::Unknown, RULES);
        let probe = host.admit(now, RULES).expect("a probe that was given up is given again");
        host.report(now, probe, Verdict::Good, RULES);
        assert_eq!(host.admit(now, RULES), Ok(Pass { probe: false }));
    }

    #[test]
    fn rests_double_up_to_a_bound() {
        let mut now = Instant::now();
        let mut host = Standing::new(now);
        while !fail(&mut host, now) {}
        for _ in 0..40 {
            now += Duration::from_secs(80);
            assert!(fail(&mut host, now), "every failed probe opens again");
        }
        assert!(host.admit(now, RULES).unwrap_err() <= Duration::from_secs(66));
    }

    #[test]
    fn retries_are_a_tenth_of_the_requests() {
        let mut host = Standing::new(Instant::now());
        let mut retries = 0;
        for _ in 0..1000 {
            host.earn(RULES);
            retries += u32::from(host.spend(RULES));
        }
        assert!((100..=103).contains(&retries), "{retries}");
        let none = Rules { retry_percent: 0, ..RULES };
        assert!(!Standing::new(Instant::now()).spend(none));
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept() {
        let now = Instant::now();
        let mut host = Standing::new(now);
        host.pause(now + Duration::from_secs(3));
        assert_eq!(host.admit(now, RULES), Err(Duration::from_secs(3)));
        assert!(host.admit(now + Duration::from_secs(3), RULES).is_ok());
    }
}
