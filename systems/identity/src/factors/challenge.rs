//! Challenges: texts of ours that somebody brings back with a proof, in time and once.
//!
//! A challenge is signed and kept nowhere, so that a crowd of strangers who ask for them fills no table. It says what it is
//! for and for whom. It is 82 bytes as base64url without padding, which is also how WebAuthn sends challenges: a passkey
//! signs this very text.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use types::Time;

use super::model::Method;
use crate::secrets::{self, Secrets};

/// For how long a challenge may be answered.
pub(crate) const LIFE: Duration = Duration::from_mins(5);
/// By how much the clocks of two nodes may differ.
const SKEW: Duration = Duration::from_mins(1);

const SIGNED: usize = 1 + 1 + 16 + 8 + 8 + 16;
const LENGTH: usize = SIGNED + 32;

/// What a challenge is for. One for one thing is none for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Purpose {
    /// Going on with a sign-in; for a person.
    SecondFactor = 1,
    /// Signing in with a passkey; for nobody yet.
    SignIn = 2,
    /// Making a passkey; for a person.
    Register = 3,
    /// Proving oneself again; for a session.
    StepUp = 4,
}

/// A challenge of ours that is still good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) text: String,
    /// The 16 bytes of whatever it is for; zeros for nobody.
    pub(crate) subject: [u8; 16],
    /// The sign-in that it goes on with.
    pub(crate) begun: Option<Begun>,
    pub(crate) expires_at: Time,
}

/// A sign-in whose first half was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) by: Method,
    /// The proof of the person then: with another password since, the first half is worth nothing any more.
    pub(crate) proof: i64,
}

/// The subject of a challenge for nobody in particular.
pub(crate) const NOBODY: [u8; 16] = [0; 16];

/// A new one.
pub(crate) fn make(
    keys: &Secrets,
    purpose: Purpose,
    subject: [u8; 16],
    begun: Option<Begun>,
    now: Time,
) -> String {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.push(purpose as u8);
    bytes.push(match begun.map(|begun| begun.by) {
        Some(Method::Password) => 1,
        Some(Method::Sso) => 2,
        _ => 0,
    });
    bytes.extend(subject);
    bytes.extend(begun.map_or(0, |begun| begun.proof).to_be_bytes());
    bytes.extend(now.plus(LIFE).as_millis().to_be_bytes());
    bytes.extend(secrets::random::<16>());
    let proof = keys.challenge_proof(&[&bytes]);
    bytes.extend(proof);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `None` for what is not ours, is for something else, or came too late. Whether it was used is for the database to say.
pub(crate) fn read(keys: &Secrets, purpose: Purpose, text: &str, now: Time) -> Option<Challenge> {
    if text.len() > 2 * LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == LENGTH)?;
    let (signed, proof) = bytes.split_at(SIGNED);
    let proof_then = i64::from_be_bytes(signed[18..26].try_into().ok()?);
    let expires_at = Time::from_millis(i64::from_be_bytes(signed[26..34].try_into().ok()?));
    let by = match signed[1] {
        1 => Some(Method::Password),
        2 => Some(Method::Sso),
        _ => None,
    };
    let good = secrets::same(&keys.challenge_proof(&[signed]), proof) && signed[0] == purpose as u8;
    // One from the future was made by a clock that was ahead, and is not believed either.
    (good && now < expires_at && expires_at <= now.plus(LIFE + SKEW)).then(|| Challenge {
        text: text.to_owned(),
        subject: signed[2..18].try_into().unwrap_or(NOBODY),
        begun: by.map(|by| Begun { by, proof: proof_then }),
        expires_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_millis(1_800_000_000_000);
    const SUBJECT: [u8; 16] = [7; 16];

    fn keys() -> Secrets {
        Secrets::derive(&web::Keys::new(b"for tests"))
    }

    #[test]
    fn a_challenge_is_good_for_its_purpose_and_in_time() {
        let begun = Begun { by: Method::Sso, proof: 7 };
        let text = make(&keys(), Purpose::SecondFactor, SUBJECT, Some(begun), START);
        let read_at = |purpose, at| read(&keys(), purpose, &text, at);
        let found = read_at(Purpose::SecondFactor, START).expect("it is good");
        assert_eq!((found.subject, found.begun), (SUBJECT, Some(begun)));
        assert_eq!(read_at(Purpose::StepUp, START), None);
        assert_eq!(read_at(Purpose::SecondFactor, START.plus(LIFE)), None);
        assert_eq!(
            read_at(Purpose::SecondFactor, START.minus(Duration::from_hours(2))),
            None,
            "the clock was set back"
        );
    }

    #[test]
    fn what_is_not_ours_is_none() {
        let text = make(&keys(), Purpose::Register, SUBJECT, None, START);
        let other = Secrets::derive(&web::Keys::new(b"another"));
        assert_eq!(read(&other, Purpose::Register, &text, START), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(&text).expect("base64url");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(
                read(&keys(), Purpose::Register, &URL_SAFE_NO_PAD.encode(&bytes), START),
                None,
                "byte {at}"
            );
            bytes[at] ^= 1;
        }
        for text in [String::new(), format!("{text}="), format!("{text}A"), "x".repeat(10_000)] {
            assert_eq!(read(&keys(), Purpose::Register, &text, START), None, "{text:.20}");
        }
    }
}
