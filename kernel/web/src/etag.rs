//! Entity tags: made, read, compared.
//!
//! The tag of a plain thing is its version and a code of workspace and rights, so that tags never match across
//! workspaces or between callers who may see different things. `If-Match` compares the version alone: a caller
//! whose rights changed meanwhile still holds a true picture of the thing.

use http::{HeaderMap, HeaderName, header};
use ring::digest;
use types::{Error, Result, hex};

use crate::reply::Thing;

/// A tag without its quotes, and whether it was sent as weak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

/// What `If-Match` or `If-None-Match` asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Any,
    Tags(Vec<Tag>),
}

/// More tags than a client has reason to send.
const MOST_TAGS: usize = 64;

impl Tag {
    /// The tag of one version of a plain thing, as this audience sees it.
    pub fn of_version(version: i64, audience: &str) -> Self {
        Self(format!("{version}-{audience}"))
    }

    /// The tag of a thing as it is now, as this audience sees it.
    pub fn of_thing(thing: &impl Thing, audience: &str) -> Self {
        let tag = Self::of_version(thing.version(), audience);
        match thing.beside() {
            None => tag,
            Some(beside) => {
                let hash = digest::digest(&digest::SHA256, beside.as_bytes());
                Self(format!("{}-{}", tag.0, hex(&hash.as_ref()[..8])))
            }
        }
    }

    /// The tag of anything else: a hash of what is shown and of who it is shown to.
    pub fn of_body(body: &[u8], audience: &str) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(audience.as_bytes());
        hash.update(&[0]);
        hash.update(body);
        Self(hex(&hash.finish().as_ref()[..16]))
    }

    /// As it stands in the header.
    pub fn header(&self) -> String {
        format!("\"{}\"", self.0)
    }

    fn version(&self) -> Option<i64> {
        self.0.split_once('-').map_or(self.0.as_str(), |(version, _)| version).parse().ok()
    }
}

impl Condition {
    /// Reads the header, wherever it was sent in several lines or as one list.
    pub fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>> {
        let mut lines = headers.get_all(name).iter().peekable();
        if lines.peek().is_none() {
            return Ok(None);
        }
        let mut text = String::new();
        for line in lines {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(line.to_str().map_err(|_| bad(name))?);
        }
        Self::parse(&text).map(Some).ok_or_else(|| bad(name))
    }

    /// `*`, or a list of quoted tags, weak or strong.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let opaque = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
            let (tag, after) = opaque.split_once('"')?;
            if tag.bytes().any(|byte| byte <= b' ' || byte == 0x7f) || tags.len() == MOST_TAGS {
                return None;
            }
            tags.push(Tag(tag.to_owned()));
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(more) => more.trim_start_matches([' ', '\t', ',']),
                None if after.is_empty() => after,
                None => return None,
            };
        }
        (!tags.is_empty()).then_some(Self::Tags(tags))
    }

    /// Whether the client already holds this representation (weak comparison).
    pub fn holds(&self, tag: &Tag) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.contains(tag),
        }
    }

    /// Whether a write that was made for some version may be applied to this one.
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| tag.version() == Some(version)),
        }
    }
}

/// The version that `If-Match` asked for is not the one that is there.
pub(crate) fn stale(current: i64) -> Error {
    Error::new(types::Kind::Stale, "stale", "It has changed since you read it.")
        .with("current_version", current)
}

fn bad(name: &HeaderName) -> Error {
    let name = if name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
    Error::malformed("bad_etag", format!("{name} must be * or a list of quoted tags."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Option<Vec<String>> {
        match Condition::parse(text)? {
            Condition::Any => Some(vec!["*".into()]),
            Condition::Tags(tags) => Some(tags.into_iter().map(|tag| tag.0).collect()),
        }
    }

    #[test]
    fn lists_weak_tags_and_the_star_are_read() {
        assert_eq!(tags("*"), Some(vec!["*".into()]));
        assert_eq!(tags(r#""a""#), Some(vec!["a".into()]));
        assert_eq!(tags(r#"W/"a", "b","c,d""#), Some(vec!["a".into(), "b".into(), "c,d".into()]));
        for wrong in ["", "a", "\"a", "\"a\" \"b\"", "\"a\",x", "\"a b\"", "*, \"a\"", ","] {
            assert_eq!(tags(wrong), None, "{wrong}");
        }
        assert!(tags(&vec!["\"a\""; MOST_TAGS + 1].join(",")).is_none());
    }

    #[test]
    fn the_audience_separates_tags_but_not_versions() {
        let (mine, theirs) = (Tag::of_version(3, "aa"), Tag::of_version(3, "bb"));
        let sent = Condition::parse(&theirs.header());
        assert!(sent.as_ref().is_some_and(|sent| !sent.holds(&mine) && sent.allows(3) && !sent.allows(4)));
        assert_ne!(Tag::of_body(b"x", "aa"), Tag::of_body(b"x", "bb"));
    }
}
