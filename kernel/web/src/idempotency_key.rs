//! The `Idempotency-Key` header, and what makes two requests the same.

use http::HeaderMap;
use ring::{digest, hkdf, hmac};
use types::{Error, Result};

/// The header's name, in the lower case that HTTP/2 wants.
pub(crate) const HEADER: &str = "idempotency-key";
const LONGEST: usize = 255;

/// A well-formed key as the client sent it. Never stored and never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct RawKey(String);

impl RawKey {
    /// Reads the header: 1 to 255 visible characters, bare or quoted, once.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>> {
        let mut lines = headers.get_all(HEADER).iter();
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(bad("Idempotency-Key was sent twice."));
        }
        Self::parse(line.as_bytes()).map(Some).ok_or_else(|| {
            bad("Idempotency-Key must be 1 to 255 visible characters, bare or in double quotes.")
        })
    }

    /// The key itself, without the quotes of a structured string.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?.trim_matches([' ', '\t']);
        let key = match text.strip_prefix('"') {
            Some(quoted) => unquote(quoted.strip_suffix('"')?)?,
            None => text.to_owned(),
        };
        let visible = key.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
        (visible && !key.is_empty() && key.len() <= LONGEST).then_some(Self(key))
    }
}

impl std::fmt::Debug for RawKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawKey(..)")
    }
}

/// Undoes the escapes of a structured string: `\"` and `\\`, nothing else.
fn unquote(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => key.push(letters.next().filter(|next| matches!(next, '"' | '\\'))?),
            '"' => return None,
            other => key.push(other),
        }
    }
    Some(key)
}

fn bad(message: &'static str) -> Error {
    Error::malformed("bad_idempotency_key", message)
}

/// Whose key it is: the same text from another workspace, caller or address is another key.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    pub workspace: &'a [u8],
    pub principal: &'a str,
    pub method: &'a str,
    pub path: &'a str,
}

/// What the request asked for. Two requests with one key must agree in all of it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub query: &'a str,
    pub media_type: &'a str,
    pub body_sha256: &'a [u8],
}

/// What the database keeps of a key, and the secret that seals the reply.
#[derive(Clone)]
pub struct Key {
    pub lookup: [u8; 32],
    pub fingerprint: [u8; 32],
    pub seal: [u8; 32],
}

impl Key {
    pub fn new(raw: &RawKey, owner: Owner<'_>, asked: Asked<'_>) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in [
            owner.workspace,
            owner.principal.as_bytes(),
            owner.method.as_bytes(),
            owner.path.as_bytes(),
            raw.0.as_bytes(),
        ] {
            absorb(part, |bytes| hash.update(bytes));
        }
        let lookup: [u8; 32] = fixed(hash.finish().as_ref());
        let seal = derive(raw, &lookup, b"seal");

        // Keyed with the raw key, so that a stolen table does not let anybody guess what was sent.
        let mut mac =
            hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &derive(raw, &lookup, b"print")));
        let query = sorted_query(asked.query);
        for part in [
            owner.method.as_bytes(),
            owner.path.as_bytes(),
            query.as_bytes(),
            asked.media_type.as_bytes(),
            asked.body_sha256,
        ] {
            absorb(part, |bytes| mac.update(bytes));
        }
        Self { lookup, fingerprint: fixed(mac.sign().as_ref()), seal }
    }
}

fn absorb(part: &[u8], mut update: impl FnMut(&[u8])) {
    update(&(part.len() as u64).to_be_bytes());
    update(part);
}

fn fixed(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(bytes);
    out
}

fn derive(raw: &RawKey, lookup: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, lookup)
        .extract(raw.0.as_bytes())
        .expand(&[b"mainstay kept reply", purpose], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .expect("32 bytes are one block of HKDF-SHA256");
    out
}

/// The pairs of a query in one order, so that the order they were sent in does not matter.
fn sorted_query(query: &str) -> String {
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(owner: Owner<'_>, asked: Asked<'_>) -> Key {
        Key::new(&RawKey("abc".into()), owner, asked)
    }

    const OWNER: Owner<'static> = Owner { workspace: b"w", principal: "per_1", method: "POST", path: "/a" };
    const ASKED: Asked<'static> =
        Asked { query: "b=2&a=1", media_type: "application/json", body_sha256: b"h" };

    #[test]
    fn bare_and_quoted_are_the_same_key() {
        assert_eq!(RawKey::parse(b"abc"), RawKey::parse(b" \"abc\" "));
        assert_eq!(RawKey::parse(br#""a\"b\\c""#), RawKey::parse(br#"a"b\c"#));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for wrong in [
            &b""[..],
            b" ",
            b"\"\"",
            b"\"a",
            b"a b",
            b"a\tb",
            b"\"a\\x\"",
            b"\xff",
            "ä".as_bytes(),
            &[b'x'; 256],
        ] {
            assert_eq!(RawKey::parse(wrong), None, "{wrong:?}");
        }
        assert!(RawKey::parse(&[b'x'; 255]).is_some());
        let mut twice = HeaderMap::new();
        twice.append(HEADER, http::HeaderValue::from_static("a"));
        twice.append(HEADER, http::HeaderValue::from_static("a"));
        assert!(RawKey::read(&twice).is_err());
    }

    #[test]
    fn a09_a_key_belongs_to_workspace_caller_method_and_path() {
        let mine = key(OWNER, ASKED).lookup;
        for other in [
            Owner { workspace: b"v", ..OWNER },
            Owner { principal: "per_2", ..OWNER },
            Owner { method: "PUT", ..OWNER },
            Owner { path: "/b", ..OWNER },
            Owner { workspace: b"wp", principal: "er_1", ..OWNER },
        ] {
            assert_ne!(key(other, ASKED).lookup, mine, "{other:?}");
        }
    }

    #[test]
    fn the_fingerprint_sees_everything_but_the_order_of_the_query() {
        let mine = key(OWNER, ASKED).fingerprint;
        assert_eq!(key(OWNER, Asked { query: "a=1&b=2", ..ASKED }).fingerprint, mine);
        for other in [
            Asked { query: "a=1", ..ASKED },
            Asked { media_type: "text/plain", ..ASKED },
            Asked { body_sha256: b"i", ..ASKED },
        ] {
            assert_ne!(key(OWNER, other).fingerprint, mine, "{other:?}");
        }
    }
}
