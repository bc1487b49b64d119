//! Ways to prove who one is, what somebody has of them, and what is said about a proof.

use std::time::Duration;

use types::{Error, Kind, Time};

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Password,
    /// A sign-in provider said so.
    Sso,
    /// A code by the clock.
    Totp,
    /// One of the codes on paper.
    RecoveryCode,
    /// Two factors by itself: a device, and the finger, face or PIN of whoever owns it.
    Passkey,
}

impl Method {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Sso => "sso",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
        }
    }
}

/// What somebody could show beside a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Since when codes by the clock count.
    pub(crate) totp: Option<Time>,
    pub(crate) passkeys: i64,
    /// How many are left.
    pub(crate) recovery_codes: i64,
}

impl Held {
    /// Whether a password alone does not suffice. Recovery codes stand in for a factor, they are none.
    pub(crate) fn any(&self) -> bool {
        self.totp.is_some() || self.passkeys > 0
    }

    pub(crate) fn methods(&self) -> Vec<&'static str> {
        let all = [
            (self.totp.is_some(), Method::Totp),
            (self.passkeys > 0, Method::Passkey),
            (self.recovery_codes > 0, Method::RecoveryCode),
        ];
        all.into_iter().filter(|(has, _)| *has).map(|(_, method)| method.as_str()).collect()
    }
}

/// What is said about something that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Proven(Method),
    Refused(Refusal),
}

/// Why something that was shown proves nothing. A verdict like any other: what it changed is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not right, too old, or used before.
    Wrong,
    /// Too many wrong codes; for how long none is looked at.
    TooMany(Duration),
}

impl Refusal {
    pub(crate) fn error(self) -> Error {
        match self {
            Self::Wrong => Error::unauthenticated(
                "second_factor_invalid",
                "The second factor is not right, or it was used before.",
            ),
            Self::TooMany(wait) => {
                let message = "Too many wrong codes. A passkey or a recovery code still works.";
                Error::new(Kind::TooMany, "too_many_codes", message).retry_after(wait.as_secs().max(1))
            }
        }
    }
}

/// How many wrong codes there may be in [`WINDOW`]. Whoever guesses needs the password first, and then finds one of a
/// million codes with a chance of 1 in 1,400 a day.
pub(crate) const MOST_WRONG: i64 = 10;
pub(crate) const WINDOW: Duration = Duration::from_hours(1);

/// Wrong codes of somebody: how many, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrongCodes {
    pub(crate) times: i64,
    pub(crate) since: Time,
}

impl WrongCodes {
    /// For how long no code by the clock is looked at. A count from the future is of a clock that was ahead: it is over.
    pub(crate) fn wait(self, now: Time) -> Option<Duration> {
        let end = self.since.plus(WINDOW);
        (self.times >= MOST_WRONG && self.since <= now && now < end).then(|| end.since(now))
    }

    /// One more.
    pub(crate) fn and(self, now: Time) -> Self {
        if self.times == 0 || self.since > now || self.since.plus(WINDOW) <= now {
            Self { times: 1, since: now }
        } else {
            Self { times: self.times + 1, ..self }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_millis(1_800_000_000_000);

    #[test]
    fn ten_wrong_codes_in_an_hour_and_then_none_until_it_is_over() {
        let after = |times: u64| {
            (0..times).fold(WrongCodes::default(), |wrong, n| wrong.and(START.plus(Duration::from_secs(n))))
        };
        assert_eq!(after(9).wait(START.plus(Duration::from_secs(9))), None);
        let full = after(10);
        assert_eq!(full.wait(START.plus(Duration::from_mins(10))), Some(Duration::from_mins(50)));
        assert_eq!(full.wait(START.plus(WINDOW)), None);
        assert_eq!(full.and(START.plus(WINDOW)).times, 1);
    }

    #[test]
    fn a_clock_that_was_ahead_bars_nobody() {
        let ahead = WrongCodes { times: 10, since: START.plus(Duration::from_hours(31 * 24)) };
        assert_eq!(ahead.wait(START), None);
        assert_eq!(ahead.and(START).times, 1);
    }

    #[test]
    fn recovery_codes_are_no_factor_of_their_own() {
        let held = Held { recovery_codes: 10, ..Held::default() };
        assert!(!held.any());
        let held = Held { totp: Some(START), ..held };
        assert_eq!(held.methods(), ["totp", "recovery_code"]);
    }
}
