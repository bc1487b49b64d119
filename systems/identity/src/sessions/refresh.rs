//! Refresh tokens: their text, and the decision what a presented one deserves.
//!
//! Owns the format and the rule of rotation. Refuses to touch the database: it is given the row and says what to do,
//! so the rule is one function that a test can walk through.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;

use types::{Id, Time};

use super::model::{SessionId, SessionState};
use crate::secrets::{self, Secrets};

const PREFIX: &str = "rt_";
const ID_LENGTH: usize = 26;

/// A refresh token taken apart: `rt_` session `.` generation `.` secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Presented {
    pub(crate) session: SessionId,
    pub(crate) generation: i64,
    text: String,
}

/// What to do about a presented token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the current one: make the next.
    Rotate,
    /// It is the one before, just replaced: hand out the same successor again.
    Repeat,
    /// It was ours and its time is over: somebody else holds a copy. The session ends.
    Reused,
    /// It is not ours, or the session is over.
    Refused,
}

/// The token of one generation of a session. The same text whenever it is made again, and made only by who has both
/// the installation secret and the session's salt out of the database.
pub(crate) fn token(secrets: &Secrets, session: SessionId, salt: &[u8], generation: i64) -> String {
    let proof = secrets.refresh_proof(&[session.as_bytes(), salt, &generation.to_be_bytes()]);
    format!("{PREFIX}{}.{generation}.{}", session.0.encode(), URL_SAFE_NO_PAD.encode(proof))
}

/// `None` for anything that was never a refresh token of this format.
pub(crate) fn parse(text: &str) -> Option<Presented> {
    if text.len() > 128 {
        return None;
    }
    let rest = text.strip_prefix(PREFIX)?;
    let (session, rest) = rest.split_at_checked(ID_LENGTH)?;
    let session = SessionId(Id::decode(session).ok()?);
    let (generation, secret) = rest.strip_prefix('.')?.split_once('.')?;
    let plain = !generation.is_empty() && generation.bytes().all(|b| b.is_ascii_digit());
    let generation: i64 = generation.parse().ok().filter(|_| plain)?;
    (secret.len() == 43).then(|| Presented { session, generation, text: text.to_owned() })
}

/// By how much the clocks of two nodes may differ.
const SKEW: Duration = Duration::from_mins(1);

/// Where the rule of rotation stands in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) leeway: Duration,
    pub(crate) idle: Duration,
    pub(crate) now: Time,
}

/// Judges a token against the row of its session. Only hashes decide about the two youngest generations, so they hold
/// even after the installation secret was changed; older ones must prove that they were ours before they may end a
/// session, else anybody who knows a session's id could.
pub(crate) fn judge(secrets: &Secrets, token: &Presented, row: &SessionState, rule: Rule) -> Verdict {
    let Rule { leeway, idle, now } = rule;
    if row.revoked_at.is_some() || row.expires_at <= now || row.last_used_at.plus(idle) <= now {
        return Verdict::Refused;
    }
    let hash = secrets::hash(&token.text);
    if secrets::same(&hash, &row.refresh_hash) {
        return Verdict::Rotate;
    }
    let previous = row.previous_hash.as_deref().is_some_and(|previous| secrets::same(&hash, previous));
    if previous {
        return match row.rotated_at {
            // The clock was set back since. Nobody can tell how long ago that was: not stolen, and not given again.
            Some(at) if at > now.plus(SKEW) => Verdict::Refused,
            Some(at) if now.since(at) <= leeway => Verdict::Repeat,
            _ => Verdict::Reused,
        };
    }
    let ours = self::token(secrets, token.session, &row.salt, token.generation);
    if token.generation < row.generation && secrets::same(ours.as_bytes(), token.text.as_bytes()) {
        Verdict::Reused
    } else {
        Verdict::Refused
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use types::PersonId;

    use super::*;
    use crate::sessions::SessionKind;

    const DAY: Duration = Duration::from_hours(24);
    const START: Time = Time::from_millis(1_800_000_000_000);

    struct Stand {
        secrets: Secrets,
        row: SessionState,
    }

    fn stand(generation: i64) -> Stand {
        let secrets = Secrets::derive(&web::Keys::new(b"for tests"));
        let id = SessionId::at(START);
        let salt = vec![7; 16];
        let hash = |g| secrets::hash(&token(&secrets, id, &salt, g)).to_vec();
        let row = SessionState {
            id,
            person: PersonId::at(START),
            generation,
            refresh_hash: hash(generation),
            previous_hash: (generation > 1).then(|| hash(generation - 1)),
            rotated_at: (generation > 1).then_some(START),
            last_used_at: START,
            expires_at: START.plus(30 * DAY),
            revoked_at: None,
            salt,
            kind: SessionKind::Tokens,
        };
        Stand { secrets, row }
    }

    impl Stand {
        fn verdict(&self, generation: i64, later: Duration) -> Verdict {
            let text = token(&self.secrets, self.row.id, &self.row.salt, generation);
            let rule = Rule { leeway: Duration::from_secs(10), idle: 7 * DAY, now: START.plus(later) };
            judge(&self.secrets, &parse(&text).unwrap(), &self.row, rule)
        }
    }

    #[test]
    fn the_current_rotates_and_the_previous_repeats_only_within_the_leeway() {
        let stand = stand(3);
        assert_eq!(stand.verdict(3, DAY), Verdict::Rotate);
        assert_eq!(stand.verdict(2, Duration::from_secs(10)), Verdict::Repeat);
        assert_eq!(stand.verdict(2, Duration::from_millis(10_001)), Verdict::Reused);
    }

    #[test]
    fn a13_a_grand_parent_is_reuse_even_inside_the_leeway() {
        assert_eq!(stand(3).verdict(1, Duration::ZERO), Verdict::Reused);
        assert_eq!(stand(9).verdict(2, Duration::ZERO), Verdict::Reused);
    }

    #[test]
    fn a13_a_made_up_token_can_not_end_a_session() {
        let stand = stand(3);
        let id = stand.row.id.0.encode();
        let rule = Rule { leeway: Duration::from_secs(10), idle: 7 * DAY, now: START };
        for generation in 0..6 {
            let text = format!("rt_{id}.{generation}.{}", "A".repeat(43));
            assert_eq!(judge(&stand.secrets, &parse(&text).unwrap(), &stand.row, rule), Verdict::Refused);
        }
        assert_eq!(stand.verdict(4, Duration::ZERO), Verdict::Refused, "a generation that is not there yet");
    }

    #[test]
    fn a_session_that_is_over_takes_nothing() {
        let mut stand = stand(1);
        assert_eq!(stand.verdict(1, 7 * DAY), Verdict::Refused, "idle");
        stand.row.last_used_at = START.plus(29 * DAY);
        assert_eq!(stand.verdict(1, 30 * DAY), Verdict::Refused, "absolute");
        stand.row.revoked_at = Some(START);
        assert_eq!(stand.verdict(1, Duration::ZERO), Verdict::Refused, "revoked");
    }

    #[test]
    fn a_clock_that_is_wrong_ends_no_session_by_reuse() {
        let stand = stand(3);
        let rule = |now| Rule { leeway: Duration::from_secs(10), idle: 7 * DAY, now };
        let judged = |generation, now| {
            let text = token(&stand.secrets, stand.row.id, &stand.row.salt, generation);
            judge(&stand.secrets, &parse(&text).unwrap(), &stand.row, rule(now))
        };
        let two_hours_back = START.minus(Duration::from_hours(2));
        assert_eq!(judged(3, two_hours_back), Verdict::Rotate);
        assert_eq!(judged(2, two_hours_back), Verdict::Refused);
        assert_eq!(
            judged(2, START.minus(Duration::from_secs(30))),
            Verdict::Repeat,
            "nodes differ by that much"
        );
        assert_eq!(judged(3, START.plus(31 * DAY)), Verdict::Refused);
        assert_eq!(judged(2, START.plus(31 * DAY)), Verdict::Refused, "it is over, not stolen");
    }

    #[test]
    fn the_two_youngest_survive_another_installation_secret() {
        let mut stand = stand(3);
        let current = token(&stand.secrets, stand.row.id, &stand.row.salt, 3);
        stand.secrets = Secrets::derive(&web::Keys::new(b"another"));
        let rule = Rule { leeway: Duration::from_secs(10), idle: 7 * DAY, now: START };
        assert_eq!(judge(&stand.secrets, &parse(&current).unwrap(), &stand.row, rule), Verdict::Rotate);
    }

    #[test]
    fn only_one_spelling_is_parsed() {
        let good = token(&Secrets::derive(&web::Keys::new(b"s")), SessionId::at(START), b"salt", 12);
        assert!(parse(&good).is_some());
        for text in [
            String::new(),
            good.to_uppercase(),
            good.replace(".12.", ".+12."),
            good.replace(".12.", ".."),
            good.replace(".12.", ".99999999999999999999."),
            format!("{good}x"),
            good.replace("rt_", "ses_"),
        ] {
            assert_eq!(parse(&text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "(rt_)?\\PC{0,100}") {
            let _ = parse(&text);
        }
    }
}
