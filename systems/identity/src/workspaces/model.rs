//! What a workspace is called.

use types::{Time, WorkspaceId};

use super::life::Life;

pub(crate) const NAME_MAX: usize = 80;
const CODE_MAX: usize = 12;
const SLUG_MAX: usize = 40;

/// A workspace as the table has it.
#[derive(Clone, Debug)]
pub(crate) struct WorkspaceRow {
    pub(crate) id: WorkspaceId,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) code: Option<String>,
    pub(crate) life: Life,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) version: i64,
    pub(crate) require_second_factor: bool,
}

/// The slug of a name: lower-case letters and digits with single hyphens between. Never empty, and never the text of an
/// id, because an id has an underscore.
pub(crate) fn slug_of(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut slug = String::new();
    // Decomposed, so that a letter with an accent becomes the letter.
    for c in name.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') && !('\u{300}'..='\u{36f}').contains(&c) {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_MAX);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "workspace".to_owned() } else { slug.to_owned() }
}

/// Whether the text can be a slug.
pub(crate) fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= SLUG_MAX + 4
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// Whether the text can be a code: 2 to 12 capital letters and digits.
pub(crate) fn is_code(text: &str) -> bool {
    (2..=CODE_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_has_a_slug() {
        assert_eq!(slug_of("Main"), "main");
        assert_eq!(slug_of("  Caf\u{e9} & Sons, Ltd. "), "cafe-sons-ltd");
        assert_eq!(slug_of("\u{4f1a}\u{793e}"), "workspace");
    }

    #[test]
    fn a_code_is_short_and_plain() {
        for good in ["AB", "ACME", "N0RD2026", "ABCDEFGHIJKL"] {
            assert!(is_code(good), "{good}");
        }
        for bad in ["", "A", "acme", "A-B", "A B", "ABCDEFGHIJKLM", "\u{c4}B"] {
            assert!(!is_code(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_slug_is_a_slug_and_no_id(name in "\\PC{0,120}") {
            let slug = slug_of(&name);
            prop_assert!(is_slug(&slug), "{slug}");
            prop_assert!(slug.parse::<WorkspaceId>().is_err());
        }
    }
}
