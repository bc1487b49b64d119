//! Sign-ins that were refused: counted by kind, network and minute, never written one by one.
//!
//! A crowd of strangers must not be able to fill the disk or the journal. Refuses to know addresses and passwords.

pub(crate) mod jobs;
mod store;

use std::net::IpAddr;

use types::Time;
use web::Tally;

/// Beyond this many different counts in a minute, networks are counted together.
const MOST: usize = 10_000;
const OTHERS: &str = "others";

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counted {
    /// The minute it happened in, as minutes since 1970.
    pub(crate) minute: i64,
    /// The code of the refusal.
    pub(crate) kind: &'static str,
    pub(crate) network: String,
}

/// The counts since they were last written down.
pub(crate) struct Refusals(Tally<Counted>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Tally::new(MOST))
    }
}

impl Refusals {
    pub(crate) fn count(&self, kind: &'static str, client: IpAddr, now: Time) {
        metrics::counter!("mainstay_sign_in_refusals_total", "kind" => kind).increment(1);
        let minute = now.as_seconds().div_euclid(60);
        let one = Counted { minute, kind, network: web::network(client) };
        self.0.count(one, |one| Counted { network: OTHERS.to_owned(), ..one });
    }

    fn take(&self) -> Vec<(Counted, i64)> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_networks_can_not_fill_the_memory() {
        let refusals = Refusals::default();
        let now = Time::from_millis(1_800_000_000_000);
        for n in 0..(2 * MOST) {
            let n = u32::try_from(n).unwrap();
            refusals.count("invalid_credentials", IpAddr::V4(n.into()), now);
        }
        let counts = refusals.take();
        assert_eq!(counts.len(), MOST + 1);
        let others = counts.iter().find(|(counted, _)| counted.network == OTHERS).map(|(_, times)| *times);
        assert_eq!(others, i64::try_from(MOST).ok());
        assert!(refusals.take().is_empty());
    }
}
