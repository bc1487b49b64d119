//! How long to wait before another attempt: our own backoff, and what a host asks for. Pure but for chance.

use std::time::Duration;

use http::header::{HeaderMap, RETRY_AFTER};
use types::Time;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Anywhere up to a bound that doubles: callers who failed together come back apart.
pub(crate) fn backoff(retry: u32) -> Duration {
    let bound = FIRST.saturating_mul(1 << retry.min(16)).min(LONGEST);
    bound.mul_f64(rand::random_range(0.0..1.0)).max(Duration::from_millis(10))
}

/// `Retry-After` in seconds or as a date, never longer than `longest`, whatever it says.
pub(crate) fn asked_for(headers: &HeaderMap, now: Time, longest: Duration) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().map_or(longest, Duration::from_secs);
        return Some(seconds.min(longest));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    Some(Time::from_millis(date.as_millisecond()).since(now).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_is_bounded() {
        for retry in [0, 1, 5, 40, u32::MAX] {
            for _ in 0..50 {
                let wait = backoff(retry);
                assert!(wait >= Duration::from_millis(10) && wait <= LONGEST, "{retry}: {wait:?}");
            }
        }
        assert!((0..50).all(|_| backoff(0) <= FIRST));
    }

    #[test]
    fn a34_absurd_pauses_are_capped() {
        let now = Time::from_millis(1_700_000_000_000);
        let longest = Duration::from_mins(5);
        let asked = |text: &str| {
            let headers: HeaderMap = [(RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
            asked_for(&headers, now, longest)
        };
        for (text, wait) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("999999999", Some(300)),
            ("99999999999999999999999999999", Some(300)),
            ("Tue, 14 Nov 2023 22:14:20 GMT", Some(60)),
            ("Tue, 14 Nov 2000 22:14:20 GMT", Some(0)),
            ("Fri, 14 Nov 9998 22:14:20 GMT", Some(300)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(asked(text).map(|wait| wait.as_secs()), wait, "{text}");
        }
    }
}
