//! What a link is, and where it leads.

use std::time::Duration;

use types::PersonId;

use crate::people::Email;
use crate::secrets;

/// What a link is good for. It is good for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Makes the account of whoever asked for one.
    Register,
    /// Sets a password.
    Reset,
    /// Agrees to another address, from the one until now.
    OldAddress,
    /// Agrees to another address, from the new one.
    NewAddress,
    /// Keeps an account that is about to go: from the mail that said so.
    Stay,
    /// The same, handed out at a sign-in.
    StayNow,
    /// A mail without a link.
    Told,
}

impl Purpose {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Reset => "reset",
            Self::OldAddress => "old_address",
            Self::NewAddress => "new_address",
            Self::Stay => "stay",
            Self::StayNow => "stay_now",
            Self::Told => "told",
        }
    }

    /// The page that it opens.
    pub(crate) const fn page(self) -> &'static str {
        match self {
            Self::Register => "/verify-email",
            Self::Reset => "/reset-password",
            Self::OldAddress | Self::NewAddress => "/confirm-email",
            Self::Stay | Self::StayNow | Self::Told => "/keep-account",
        }
    }
}

/// The text that opens a link: 256 random bits. It goes into a mail or an answer, and is kept nowhere.
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new() -> Self {
        Self(secrets::random_text::<32>())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        secrets::hash(&self.0)
    }

    /// The address to be opened. The token stands behind `#`, which no browser sends to any server: no log on the way has it.
    pub(crate) fn address(&self, public: &str, purpose: Purpose) -> String {
        format!("{public}{}#{}", purpose.page(), self.0)
    }
}

/// A link that is about to be written.
#[derive(Clone)]
pub(crate) struct NewLink {
    pub(crate) hash: [u8; 32],
    pub(crate) purpose: Purpose,
    /// Whose it is, and their `proof` at this moment; nobody's for a registration.
    pub(crate) person: Option<(PersonId, i64)>,
    /// The address that opening it proves.
    pub(crate) email: Email,
    pub(crate) life: Duration,
}

/// A link as the table has it.
#[derive(Clone, Debug)]
pub(crate) struct LinkRow {
    pub(crate) person: Option<PersonId>,
    pub(crate) email: Email,
    pub(crate) proof: i64,
}
