//! RFC 6238 with what every authenticator app does without being asked: SHA-1, six digits, thirty seconds.
//!
//! SHA-1 is not broken for this (RFC 6238 relies on HMAC), and apps that ignore `algorithm` would show wrong codes.

use ring::hmac;
use types::Time;

use crate::secrets;

/// The bytes of a secret: as many as SHA-1 gives, as RFC 4226 recommends.
pub(crate) const SECRET: usize = 20;
const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;

/// Whether the text looks like a code by the clock, and not like a recovery code.
pub(crate) fn is_code(typed: &str) -> bool {
    plain(typed).is_some()
}

/// The digits of what was typed; people type blanks as apps show them.
fn plain(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// The time step of a moment.
pub(crate) fn step_at(now: Time) -> i64 {
    now.as_seconds().div_euclid(STEP_SECONDS)
}

/// The step that this code belongs to: the present one, the one before or the one after, for clocks that differ a little.
pub(crate) fn step_of(secret: &[u8], typed: &str, now: Time) -> Option<i64> {
    let digits = plain(typed)?;
    let at = step_at(now);
    let fits = |step: &i64| secrets::same(hotp(secret, *step, DIGITS).as_bytes(), digits.as_bytes());
    // The newest counts: then none of them is good a second time.
    (at - 1..=at + 1).rev().find(fits)
}

fn hotp(secret: &[u8], counter: i64, digits: usize) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes[bytes.len() - 1] & 0x0f);
    let word = bytes[offset..offset + 4].iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    let text = format!("{:010}", word & 0x7fff_ffff);
    text[text.len() - digits..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET_OF_THE_RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_rfc_6238() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let at = Time::from_millis(seconds * 1000);
            assert_eq!(hotp(SECRET_OF_THE_RFC, step_at(at), 8), code, "{seconds}");
            assert_eq!(step_of(SECRET_OF_THE_RFC, &code[2..], at), Some(step_at(at)), "{seconds}");
        }
    }

    #[test]
    fn the_vectors_of_rfc_4226() {
        let expected = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (counter, code) in (0_i64..).zip(expected) {
            assert_eq!(hotp(SECRET_OF_THE_RFC, counter, 6), code);
        }
    }

    #[test]
    fn one_step_to_either_side_and_no_further() {
        let at = Time::from_millis(1_800_000_000_000);
        let code = |away: i64| hotp(SECRET_OF_THE_RFC, step_at(at) + away, DIGITS);
        for (away, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(step_of(SECRET_OF_THE_RFC, &code(away), at).is_some(), good, "{away}");
        }
    }

    #[test]
    fn only_six_digits_are_a_code() {
        assert!(is_code("123456") && is_code(" 123 456"));
        for text in ["", "12345", "1234567", "12345a", "\u{661}23456", "-12345", "abcd-efgh-jkmn-pqrs"] {
            assert!(!is_code(text), "{text}");
        }
    }
}
