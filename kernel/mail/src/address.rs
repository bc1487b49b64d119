//! Addresses, read strictly: what a server could take for two addresses, or for a line of its own, is none.

use std::fmt;

use serde::{Deserialize, Serialize};
use types::{Error, Result};

const LONGEST_NAME: usize = 200;

/// Somebody's address, perhaps with a name. One that exists was checked, also when it was read from a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Kept")]
pub struct Address {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    email: String,
}

#[derive(Deserialize)]
struct Kept {
    #[serde(default)]
    name: String,
    email: String,
}

impl TryFrom<Kept> for Address {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self> {
        Self::new(&kept.name, &kept.email)
    }
}

impl Address {
    /// The name may be empty, and in any script. The address is ASCII; a domain in another script is written as `xn--`.
    pub fn new(name: &str, email: &str) -> Result<Self> {
        let name = name.trim();
        if !single_line(name) || name.chars().count() > LONGEST_NAME {
            let message = "A name in a mail is one line of at most 200 characters.";
            return Err(Error::invalid("mail_header", message));
        }
        if !is_email(email) {
            return Err(Error::invalid("mail_address", "That is no address that mail can be sent to."));
        }
        Ok(Self { name: name.to_owned(), email: email.to_owned() })
    }

    /// `Name <address>`, or only the address.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, email)) => Self::new(name.trim().trim_matches('"'), email),
            None => Self::new("", text),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn email(&self) -> &str {
        &self.email
    }

    pub(crate) fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            f.write_str(&self.email)
        } else {
            write!(f, "{} <{}>", self.name, self.email)
        }
    }
}

/// Whether it can stand in a header without ending its line.
pub(crate) fn single_line(text: &str) -> bool {
    !text.chars().any(|letter| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}'))
}

/// The part of RFC 5321 that people have: no quotes, no comments, no address literals.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let atom = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    local.len() <= 64 && domain.len() <= 253 && local.split('.').all(atom) && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_have_them() {
        for good in ["a@b.test", "first.last+tag@sub.example.test", "o'neil@x.test", "root@localhost"] {
            assert_eq!(Address::parse(good).unwrap().email(), good);
        }
        let named = Address::parse("Öffice, the <office@b.test>").unwrap();
        assert_eq!((named.name(), named.email()), ("Öffice, the", "office@b.test"));
        assert_eq!(named.to_string(), "Öffice, the <office@b.test>");
    }

    #[test]
    fn asvs_1_3_11_nothing_gets_into_a_header_by_name_or_address() {
        for wrong in [
            "",
            "a",
            "@b.test",
            "a@",
            "a@@b.test",
            "a b@c.test",
            "a@b.test,c@d.test",
            "a@b.test\r\nBcc: c@d.test",
            "a@b.test\n",
            "\"a\"@b.test",
            "a@[127.0.0.1]",
            "a..b@c.test",
            ".a@c.test",
            "a@-b.test",
            "a@b..test",
            "ä@b.test",
            "a@bücher.test",
            "a@b.test> RCPT TO:<c@d.test",
            "a(x)@b.test",
        ] {
            assert_eq!(Address::new("", wrong).unwrap_err().code(), "mail_address", "{wrong:?}");
        }
        for wrong in ["a\r\nBcc: x@y.test", "a\nb", "a\rb", "a\u{0}b", "a\u{2028}b", "a\u{85}b"] {
            assert_eq!(Address::new(wrong, "a@b.test").unwrap_err().code(), "mail_header", "{wrong:?}");
        }
        let kept = r#"{"name":"x\r\nBcc: y@z.test","email":"a@b.test"}"#;
        assert!(serde_json::from_str::<Address>(kept).is_err());
    }
}
