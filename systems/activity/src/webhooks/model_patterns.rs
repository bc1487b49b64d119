//! Which types of events a webhook is told: names, and `*`. Pure.

use journal::EventType;
use types::Rights;

use super::model::WebhookRow;

/// Whether a kind is meant: itself, all of a noun as `member.*`, or everything.
pub(crate) fn means(pattern: &str, kind: &str) -> bool {
    pattern == "*" || crate::is_of(kind, pattern)
}

/// Whether somebody with these rights may hear of something that is meant. A name that means nothing, and one that means only
/// what he may not read, are not told apart.
pub(crate) fn can_be_told<'a>(
    pattern: &str,
    types: impl IntoIterator<Item = &'a EventType>,
    rights: &Rights,
) -> bool {
    types.into_iter().any(|one| means(pattern, one.kind) && one.read.is_none_or(|read| rights.hold(read)))
}

/// The permissions of the declared types that somebody holds.
pub(crate) fn granted<'a>(types: impl IntoIterator<Item = &'a EventType>, rights: &Rights) -> Vec<String> {
    let mut names: Vec<String> = types
        .into_iter()
        .filter_map(|one| one.read)
        .filter(|read| rights.hold(*read))
        .map(|read| read.as_str().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a webhook may be told of an event, whatever it asked for.
pub(crate) fn may_hear(webhook: &WebhookRow, event: &EventType) -> bool {
    event.read.is_none_or(|read| webhook.granted.iter().any(|name| name == read.as_str()))
}

/// Whether a webhook is told of an event. What no system declares is told to nobody.
pub(crate) fn hears(webhook: &WebhookRow, event: &EventType) -> bool {
    may_hear(webhook, event) && webhook.types.iter().any(|pattern| means(pattern, event.kind))
}

#[cfg(test)]
mod tests {
    use types::Permission;

    use super::*;

    const TYPES: &[EventType] = &[
        EventType { kind: "open.made", noun: "open", read: None, meaning: "" },
        EventType { kind: "secret.made", noun: "secret", read: Some(Permission("secret:read")), meaning: "" },
    ];

    #[test]
    fn nobody_subscribes_to_what_he_may_not_read() {
        let (none, all) = (Rights::none(), Rights::of(["secret:manage"]));
        assert!(can_be_told("open.made", TYPES, &none) && can_be_told("*", TYPES, &none));
        for pattern in ["secret.made", "secret.*", "nothing.*", "", "open", "*.made"] {
            assert!(!can_be_told(pattern, TYPES, &none), "{pattern}");
        }
        assert!(can_be_told("secret.*", TYPES, &all));
        assert_eq!(granted(TYPES, &all), ["secret:read"]);
        assert!(granted(TYPES, &none).is_empty());
    }
}
