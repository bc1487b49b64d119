//! How often somebody may ask: tiers, keys and the headers that tell.

use std::net::IpAddr;
use std::time::Duration;

use cache::Verdict;
use http::{HeaderMap, HeaderName, HeaderValue};
use types::{Error, Kind, Result};

use crate::access::Tier;
use crate::app::App;
use crate::edge::ClientAddr;

const WINDOW: Duration = Duration::from_mins(1);

/// The network that counts as one anonymous caller.
pub fn network(address: IpAddr) -> String {
    ClientAddr(address.to_canonical()).network().to_string()
}

impl App {
    /// Counts one request of the tier by whoever `subject` names.
    pub(crate) async fn count(&self, tier: Tier, signed_in: bool, subject: &str) -> Option<Verdict> {
        let limits = self.settings().get::<config::sections::Limits>();
        let (name, limit) = match tier {
            Tier::Exempt => return None,
            Tier::SignIn => ("sign_in", limits.sign_in),
            Tier::Refresh => ("refresh", limits.refresh),
            Tier::Published => ("published", limits.published),
            Tier::Normal if signed_in => ("signed_in", limits.signed_in),
            Tier::Normal => ("anonymous", limits.anonymous),
        };
        let key = cache::Key::new(name, subject);
        let verdict = self.counters().hit(key, limit, WINDOW, self.clock().now()).await;
        if !verdict.allowed {
            metrics::counter!("limiter_refusals_total", "tier" => name).increment(1);
        }
        Some(verdict)
    }

    /// Counts against a session family, or whatever else a handler knows only from the body, beside the network. Not for
    /// accounts: whoever may use up what an account has locks its owner out.
    pub async fn limit_subject(&self, tier: Tier, subject: &str) -> Result<()> {
        match self.count(tier, false, subject).await {
            Some(verdict) if !verdict.allowed => Err(too_many(&verdict)),
            _ => Ok(()),
        }
    }
}

/// The refusal, with when to come back.
pub(crate) fn too_many(verdict: &Verdict) -> Error {
    Error::new(Kind::TooMany, "rate_limited", format!("The limit is {} a minute.", verdict.limit))
        .retry_after(verdict.retry_after)
}

/// `X-RateLimit-*` on every answer that was counted.
pub(crate) fn tell(headers: &mut HeaderMap, verdict: &Verdict) {
    let reset =
        verdict.reset_at.as_millis().div_euclid(1000) + i64::from(verdict.reset_at.as_millis() % 1000 != 0);
    for (name, value) in [
        ("x-ratelimit-limit", i64::from(verdict.limit)),
        ("x-ratelimit-remaining", i64::from(verdict.remaining)),
        ("x-ratelimit-reset", reset),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
}
