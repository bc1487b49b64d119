//! Who is counted, and what a count came to.

use types::Time;

/// Whose hits are counted together: the same subject has a count in each tier.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    pub tier: &'a str,
    pub subject: &'a [u8],
}

impl<'a> Key<'a> {
    pub fn new(tier: &'a str, subject: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { tier, subject: subject.as_ref() }
    }
}

/// What a hit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub allowed: bool,
    pub limit: u32,
    /// How many more hits this window allows.
    pub remaining: u32,
    /// When the window ends and the whole limit is there again.
    pub reset_at: Time,
    /// Whole seconds until then, rounded up; at least one.
    pub retry_after: u64,
}

impl Verdict {
    pub(crate) fn new(allowed: bool, count: u32, limit: u32, ends: Time, now: Time) -> Self {
        let millis = u64::try_from(ends.since(now).as_millis()).unwrap_or(u64::MAX);
        Self {
            allowed,
            limit,
            remaining: limit.saturating_sub(count),
            reset_at: ends,
            retry_after: millis.div_ceil(1000).max(1),
        }
    }
}
