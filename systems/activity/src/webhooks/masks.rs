//! What is kept of a conversation with a stranger's server: bounded, and without the secrets that it knows.

use serde_json::{Map, Value};

/// What stands for a secret.
pub(crate) const MASK: &str = "…";
const MOST_HEADERS: usize = 40;
const LONGEST_HEADER: usize = 256;
const LONGEST_BODY: usize = 4_096;
/// Shorter ones are found in too many places where they are none.
const SHORTEST_SECRET: usize = 6;
/// Headers of an answer that are secrets of theirs.
const THEIRS: [&str; 4] = ["set-cookie", "authorization", "proxy-authenticate", "www-authenticate"];

/// What must not be repeated, whoever says it.
pub(crate) struct Masks(Vec<String>);

impl Masks {
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<_> = secrets.into_iter().filter(|one| one.len() >= SHORTEST_SECRET).collect();
        // The longest first, so that none leaves the rest of a longer one behind.
        all.sort_by_key(|one| std::cmp::Reverse(one.len()));
        Self(all)
    }

    /// Text as it may be kept: masked first, so that a cut leaves no half of a secret, then cut.
    fn kept(&self, text: &str, longest: usize) -> String {
        let mut text = text.replace('\0', "\u{fffd}");
        for secret in &self.0 {
            text = text.replace(secret.as_str(), MASK);
        }
        match text.char_indices().nth(longest) {
            Some((at, _)) => format!("{}{MASK}", &text[..at]),
            None => text,
        }
    }

    pub(crate) fn body(&self, bytes: &[u8]) -> String {
        self.kept(&String::from_utf8_lossy(bytes), LONGEST_BODY)
    }

    /// Names and values, in order; a name that comes twice has its values joined.
    pub(crate) fn headers<'a>(&self, headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Value {
        let mut kept = Map::new();
        for (name, value) in headers.into_iter().take(MOST_HEADERS) {
            let value = if THEIRS.contains(&name) {
                MASK.to_owned()
            } else {
                self.kept(&String::from_utf8_lossy(value), LONGEST_HEADER)
            };
            let name = self.kept(name, LONGEST_HEADER);
            let before = kept.get(&name).and_then(Value::as_str).map(|before| format!("{before}, {value}"));
            kept.insert(name, before.unwrap_or(value).into());
        }
        Value::Object(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a39_an_echo_of_our_secrets_is_not_kept() {
        let masks = Masks::new(["sesame-sesame".to_owned(), "sesame".to_owned(), "x".to_owned()]);
        assert_eq!(masks.body(b"Bearer sesame-sesame, sesame x \0"), "Bearer …, … x \u{fffd}");
        let headers = masks.headers([("x-echo", &b"sesame"[..]), ("set-cookie", b"a=b"), ("x-echo", b"two")]);
        assert_eq!(headers, serde_json::json!({"x-echo": "…, two", "set-cookie": "…"}));
    }

    #[test]
    fn a32_what_is_kept_is_bounded() {
        let masks = Masks::new([]);
        assert_eq!(masks.body("ü".repeat(10_000).as_bytes()).chars().count(), LONGEST_BODY + 1);
        let many: Vec<_> = (0..1000).map(|n| format!("x-{n}")).collect();
        let kept = masks.headers(many.iter().map(|name| (name.as_str(), &b"v"[..])));
        assert_eq!(kept.as_object().map(Map::len), Some(MOST_HEADERS));
    }
}
