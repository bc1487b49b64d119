//! API keys: the text that is shown once, and the rule what a key may do.

use types::{PersonId, Time, WorkspaceId, typed_id};

use crate::secrets;
use crate::service_accounts::ServiceAccountId;

typed_id!(
    /// An API key.
    ApiKeyId,
    "key"
);

const PREFIX_BYTES: usize = 9;
const PREFIX_LENGTH: usize = 12;
const SECRET_LENGTH: usize = 43;
pub(crate) const NAME_MAX: usize = 80;
pub(crate) const DAYS_MAX: u32 = 3650;

/// A key as the table has it, without its hash.
#[derive(Clone, Debug)]
pub(crate) struct ApiKeyRow {
    pub(crate) id: ApiKeyId,
    pub(crate) workspace: Option<WorkspaceId>,
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) permissions: Vec<String>,
    pub(crate) created_at: Time,
    pub(crate) expires_at: Option<Time>,
    pub(crate) last_used_at: Option<Time>,
    pub(crate) revoked_at: Option<Time>,
    pub(crate) last_used_ip: Option<String>,
    /// Whom it acts for, if that is no person.
    pub(crate) account: Option<ServiceAccountId>,
    /// With some it is publishable: it counts in pages of these origins only.
    pub(crate) origins: Option<Vec<String>>,
}

/// The text of a new key: `<prefix>.<secret>`, 12 and 43 characters of base64url.
pub(crate) struct NewText {
    pub(crate) prefix: String,
    pub(crate) text: String,
}

pub(crate) fn new_text() -> NewText {
    let prefix = secrets::random_text::<PREFIX_BYTES>();
    let text = format!("{prefix}.{}", secrets::random_text::<32>());
    NewText { prefix, text }
}

/// The prefix of what could be a key; `None` for anything else, before the database is asked.
pub(crate) fn prefix_of(text: &str) -> Option<&str> {
    let (prefix, secret) = text.split_once('.')?;
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let good =
        prefix.len() == PREFIX_LENGTH && secret.len() == SECRET_LENGTH && plain(prefix) && plain(secret);
    good.then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a20_only_the_exact_form_is_looked_up() {
        let key = new_text();
        assert_eq!(prefix_of(&key.text), Some(key.prefix.as_str()));
        for text in [
            String::new(),
            ".".into(),
            key.prefix.clone(),
            format!("{}.", key.prefix),
            format!("{}x", key.text),
            format!(" {}", key.text),
            format!("{}.x", key.text),
            key.text.replace('.', "%2e"),
            format!("{}.{}", "'".repeat(12), "a".repeat(43)),
        ] {
            assert_eq!(prefix_of(&text), None, "{text}");
        }
    }

    #[test]
    fn two_keys_share_nothing() {
        let (one, other) = (new_text(), new_text());
        assert_ne!(one.prefix, other.prefix);
        assert_ne!(secrets::hash(&one.text), secrets::hash(&other.text));
    }
}
