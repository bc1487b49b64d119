//! A service and the rules of its slug.

use types::{Problems, Time, typed_id};

use crate::level::Level;

typed_id!(
    /// A service.
    ServiceId,
    "svc"
);

pub(crate) const LONGEST_SLUG: usize = 64;
pub(crate) const LONGEST_NAME: usize = 120;

/// A service as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct ServiceRow {
    pub(crate) id: ServiceId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) status: Level,
    /// When it came to stand as it does.
    pub(crate) since: Time,
    pub(crate) updated_at: Time,
    pub(crate) version: i64,
}

/// Lower-case letters, digits and single hyphens between them, and not too long.
pub(crate) fn is_slug(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= LONGEST_SLUG && text.split('-').all(|part| !part.is_empty() && part.bytes().all(letter))
}

/// Refuses what is no slug, and says why.
pub(crate) fn check_slug(problems: &mut Problems, path: &str, slug: &str) {
    if slug.len() > LONGEST_SLUG {
        problems.add(path, "too_long", format!("must be at most {LONGEST_SLUG} characters"));
    } else if !is_slug(slug) {
        problems.add(
            path,
            "bad_slug",
            "must be lower-case letters and digits, with single hyphens between them",
        );
    }
}

/// The name a service has until somebody gives it a better one.
pub(crate) fn name_of(slug: &str) -> String {
    let mut letters = slug.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters.map(|letter| if letter == '-' { ' ' } else { letter })).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_plain() {
        let good = |slug: &str| {
            let mut problems = Problems::new();
            check_slug(&mut problems, "/service_id", slug);
            problems.is_empty()
        };
        for slug in ["api", "mail-2", "a", &"x".repeat(LONGEST_SLUG)] {
            assert!(good(slug), "{slug}");
        }
        for slug in [
            "",
            "-",
            "a--b",
            "-a",
            "a-",
            "Api",
            "a b",
            "a/b",
            "ä",
            "../x",
            "a\0",
            &"x".repeat(LONGEST_SLUG + 1),
        ] {
            assert!(!good(slug), "{slug:?}");
        }
    }

    #[test]
    fn a_first_name_is_readable() {
        assert_eq!(name_of("mail-delivery"), "Mail delivery");
        assert_eq!(name_of(""), "");
    }
}
