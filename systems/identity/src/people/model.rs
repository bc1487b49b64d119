//! A person's address, name and password as rules: what is accepted, and when two addresses are the same one.

use serde::Serialize;
use types::{PersonId, Problems, Time};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::passwords::policy;

pub(crate) const NAME_MAX: usize = 120;
pub(crate) const PASSWORD_MIN: usize = 12;
pub(crate) const PASSWORD_MAX: usize = 128;
/// In bytes, as typed: 128 characters of several code points each.
const LONGEST_TYPED: usize = 4096;
const EMAIL_MAX: usize = 254;
const LOCAL_MAX: usize = 64;

/// Whether somebody may sign in, and if not, why. There is no state for who has not proven their address: until then there
/// is no person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    /// An operator said so.
    Deactivated,
    /// The account will be deleted, and can still be kept.
    Leaving,
    /// Only the id is left, for what it stands in.
    Deleted,
}

impl Status {
    pub(crate) const ALL: [Self; 4] = [Self::Active, Self::Deactivated, Self::Leaving, Self::Deleted];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Leaving => "leaving",
            Self::Deleted => "deleted",
        }
    }

    /// What is not known counts as deactivated: a row from a newer version must not open a door. An older one wrote
    /// `suspended`.
    pub(crate) fn read(text: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == text).unwrap_or(Self::Deactivated)
    }
}

/// A person as the table has them, without the password.
#[derive(Clone, Debug)]
pub(crate) struct PersonRow {
    pub(crate) id: PersonId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) version: i64,
    /// When the account ends, for somebody who is leaving.
    pub(crate) leaves_at: Option<Time>,
    /// Rises whenever the password or the address becomes another.
    pub(crate) proof: i64,
}

/// What makes two addresses the same: no blanks around, Unicode NFC, lower case.
pub fn email_key(email: &str) -> String {
    email.trim().nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// An address that was checked: as typed (without blanks around), and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Email {
    pub(crate) typed: String,
    pub(crate) key: String,
}

impl Email {
    /// Accepts what mail could be sent to and what is safe to show and to log; it does not try to be RFC 5321.
    pub(crate) fn check(path: &str, text: &str, problems: &mut Problems) -> Self {
        let typed = text.trim().to_owned();
        let forbidden =
            |c: char| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c) || bidi(c);
        let good = typed.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= LOCAL_MAX
                && !local.contains('@')
                && domain.split('.').all(|label| {
                    !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
                })
        });
        if typed.is_empty() {
            problems.add(path, "required", "must not be empty");
        } else if typed.len() > EMAIL_MAX || !good || typed.chars().any(forbidden) {
            problems.add(path, "email", "must be an e-mail address");
        }
        Self { key: email_key(&typed), typed }
    }

    /// The same, and written so that a mail can be sent to it: in ASCII, a domain in another script as `xn--`.
    pub(crate) fn check_mailable(path: &str, text: &str, problems: &mut Problems) -> Self {
        let email = Self::check(path, text, problems);
        if problems.is_empty() && mail::Address::new("", &email.typed).is_err() {
            problems.add(path, "email", "must be an address that mail can be sent to, in ASCII");
        }
        email
    }

    /// One that was checked before.
    pub(crate) fn of(typed: &str) -> Self {
        let typed = typed.trim();
        Self { typed: typed.to_owned(), key: email_key(typed) }
    }

    /// Whether a character of it becomes another one of ASCII when addresses are compared, as the sign for kelvin becomes K: for
    /// mail that is another mailbox, so who has one has not the other.
    pub(crate) fn is_disguised(&self) -> bool {
        let becomes_ascii = |c: char| std::iter::once(c).nfc().any(|plain| plain.is_ascii());
        self.typed.chars().any(|c| !c.is_ascii() && becomes_ascii(c))
    }

    /// What the name is until the person says otherwise.
    pub(crate) fn local_part(&self) -> &str {
        self.typed.rsplit_once('@').map_or(&self.typed, |(local, _)| local)
    }
}

/// Characters that turn the direction of text, so that what is shown is not what is compared.
fn bidi(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The password as it is hashed: Unicode NFC, so that two keyboards that compose a letter differently type the same
/// password (RFC 8265); nothing is trimmed, folded or cut.
pub(crate) fn password_text(typed: &str) -> Zeroizing<String> {
    // A megabyte is not worth the work: it is nobody's password.
    if is_endless(typed) { Zeroizing::new(typed.to_owned()) } else { Zeroizing::new(typed.nfc().collect()) }
}

/// 12 to 128 characters, and not among the first that a guesser tries. No rule asks for signs of any kind.
pub(crate) fn check_password(path: &str, typed: &str, problems: &mut Problems) {
    if is_endless(typed) {
        problems.add(path, "too_long", format!("must have at most {PASSWORD_MAX} characters"));
        return;
    }
    let length = password_text(typed).chars().count();
    if length < PASSWORD_MIN {
        problems.add(path, "too_short", format!("must have at least {PASSWORD_MIN} characters"));
    } else if length > PASSWORD_MAX {
        problems.add(path, "too_long", format!("must have at most {PASSWORD_MAX} characters"));
    } else if policy::is_easy(typed) {
        problems.add(
            path,
            "too_easy",
            "is among the first that somebody would try; take a few words that do not belong together",
        );
    }
}

/// The same, and not made of what everybody knows of its owner.
pub(crate) fn check_password_of(path: &str, typed: &str, email: &str, problems: &mut Problems) {
    check_password(path, typed, problems);
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let words: Vec<&str> = [email, local, "mainstay"].into_iter().chain(domain.split('.')).collect();
    if !is_endless(typed) && policy::is_made_of(typed, &words) {
        problems.add(path, "too_easy", "must not be made of your address or of the name of this place");
    }
}

/// So long that it is no password before it is even read: a megabyte is not brought to NFC, and never hashed.
pub(crate) fn is_endless(typed: &str) -> bool {
    typed.len() > LONGEST_TYPED
}

/// A line of text that people see: trimmed, not empty, at most `max` characters, no control characters.
pub(crate) fn check_line(path: &str, text: &str, max: usize, problems: &mut Problems) {
    problems.text(path, text, max);
    if text.contains(['\n', '\r', '\t', '\u{2028}', '\u{2029}']) {
        problems.add(path, "control_character", "must be one line");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepted(text: &str) -> bool {
        let mut problems = Problems::new();
        Email::check("/email", text, &mut problems);
        problems.is_empty()
    }

    #[test]
    fn the_same_address_has_one_key() {
        assert_eq!(email_key("  Owner@Example.TEST "), "owner@example.test");
        assert_eq!(email_key("u\u{308}ber@example.test"), email_key("\u{dc}BER@example.test"));
    }

    #[test]
    fn a_character_in_disguise_is_seen() {
        for plain in [
            "mike@example.test",
            "m\u{fc}ller@example.test",
            "\u{3b1}@example.test",
            "mu\u{308}ller@example.test",
        ] {
            assert!(!Email::of(plain).is_disguised(), "{plain}");
        }
        for disguised in ["mi\u{212a}e@example.test", "mike@\u{212a}.test", "a\u{1fef}@example.test"] {
            assert!(Email::of(disguised).is_disguised(), "{disguised}");
        }
    }

    #[test]
    fn addresses_that_mail_can_be_sent_to_are_accepted() {
        for good in [
            "owner@example.test",
            "a@localhost",
            "first.last+tag@mail.example.test",
            "m\u{fc}ller@example.test",
        ] {
            assert!(accepted(good), "{good}");
        }
        for bad in [
            "",
            "owner",
            "@example.test",
            "owner@",
            "a@b@c",
            "a b@c.test",
            "a@b..test",
            "a@-b.test",
            "a\r\nBcc: x@y.test",
            "a@b.test\u{202e}",
            "<a@b.test>",
            &format!("{}@b.test", "a".repeat(65)),
            &format!("a@{}.test", "b".repeat(300)),
        ] {
            assert!(!accepted(bad), "{bad}");
        }
    }

    #[test]
    fn password_length_counts_characters_and_cuts_nothing() {
        let refused = |text: &str| {
            let mut problems = Problems::new();
            check_password("/password", text, &mut problems);
            !problems.is_empty()
        };
        assert!(refused("eleven char"));
        assert!(!refused("twelve chars"));
        let signs = |count| (0..count).filter_map(|n| char::from_u32(0x1f300 + 5 * n)).collect::<String>();
        assert!(!refused(&signs(128)));
        assert!(refused(&signs(129)));
        assert!(refused(&"a".repeat(129)));
        assert_eq!(*password_text(" e\u{301} "), " \u{e9} ");
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "\\PC{0,60}") {
            let key = email_key(&text);
            prop_assert_eq!(email_key(&key), key);
        }
    }
}
