//! The letters, as they wait for their job.

use mail::Template;
use serde::{Deserialize, Serialize};
use types::PersonId;

use crate::people::email_key;
use crate::secrets;

/// A letter that is to be written. As the payload of a job it has to be readable by later versions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub(crate) enum Letter {
    /// Somebody wants an account with this address.
    Register {
        email: String,
    },
    /// Somebody who wanted one wants the mail again.
    RegisterAgain {
        email: String,
    },
    /// Somebody no longer knows the password.
    Reset {
        email: String,
    },
    /// A person wants another address; both ends have to agree.
    ChangeAddress {
        person: PersonId,
        email: String,
    },
    AddressChanged {
        person: PersonId,
        before: String,
    },
    PasswordChanged {
        person: PersonId,
    },
    /// There is another way to sign in, or one less.
    Door {
        person: PersonId,
        news: News,
    },
    /// The account ends soon.
    Leaving {
        person: PersonId,
    },
    /// It has ended; nobody knows the address any more but this letter.
    Gone {
        email: String,
    },
}

/// What is new about the ways to sign in to an account. Who finds such a letter and knows of nothing has somebody else in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub(crate) enum News {
    FactorAdded {
        method: String,
    },
    FactorRemoved {
        method: String,
    },
    FactorsReset,
    CodesMade,
    CodeUsed {
        left: i64,
    },
    /// Two devices answer with the same passkey.
    PasskeyCopied,
    Linked {
        provider: String,
    },
    Unlinked {
        provider: String,
    },
}

impl Letter {
    /// What a stranger asked for waits once, however often they ask.
    pub(super) fn unique(&self) -> Option<String> {
        let (what, email) = match self {
            Self::Register { email } => ("register", email),
            Self::RegisterAgain { email } => ("again", email),
            Self::Reset { email } => ("reset", email),
            _ => return None,
        };
        let hash = secrets::hash(&format!("{what} {}", email_key(email)));
        Some(hash[..16].iter().fold(String::from("letter "), |text, byte| format!("{text}{byte:02x}")))
    }
}

pub(super) const LETTER: Template = Template {
    name: "letter",
    subject: "{{ title }}",
    text: include_str!("templates/letter.txt"),
    html: include_str!("templates/letter.html"),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_a_stranger_asks_for_waits_once_however_the_address_is_spelt() {
        let of = |email: &str| Letter::Reset { email: email.to_owned() }.unique();
        assert_eq!(of("Owner@Example.test "), of("owner@example.test"));
        assert_ne!(of("owner@example.test"), of("other@example.test"));
        assert_ne!(of("a@b.test"), Letter::Register { email: "a@b.test".to_owned() }.unique());
        assert!(Letter::Gone { email: "a@b.test".to_owned() }.unique().is_none());
    }
}
