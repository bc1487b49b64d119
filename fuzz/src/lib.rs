//! What must hold of each parser that reads what strangers send, for any bytes at all.
//!
//! The fuzz targets feed it with what they make up; `mainstay/tests/whole/corpora.rs` feeds it with the committed corpora.

use query::cursor::{Binding, decode, encode};
use query::{List, Paging, Params, Place, Signer, SortFields};
use serde_json::Value;
use web::{Asked, Condition, Credential, Field, Key, Owner, RawKey};

/// One target: its name, which is that of its corpus, and its property.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 9] = [
    ("configuration", configuration),
    ("credential", credential),
    ("cursor", cursor),
    ("etag", etag),
    ("fingerprint", fingerprint),
    ("idempotency_key", idempotency_key),
    ("merge_patch", merge_patch),
    ("query", query),
    ("traceparent", traceparent),
];

/// A settings file is read or refused, and what is said of it keeps to its line.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(mistakes) = config::parse_file(text, config::KERNEL) {
        let said = mistakes.to_string();
        assert!(!said.is_empty(), "a refusal without a reason");
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    }
}

/// The first line is `Authorization`, the second `X-API-Key`, the third `Cookie`. Nobody gets in with two, and an empty
/// token is none.
pub fn credential(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut headers = http::HeaderMap::new();
    for name in ["authorization", "x-api-key", "cookie"] {
        let value = lines.next().map(http::HeaderValue::from_bytes);
        if let Some(Ok(value)) = value {
            headers.append(name, value);
        }
    }
    match Credential::read(&headers) {
        Ok(Some(Credential::Bearer(token))) => {
            assert!(!token.trim().is_empty() && !headers.contains_key("x-api-key"));
        }
        Ok(Some(Credential::ApiKey { .. })) => assert!(!headers.contains_key("authorization")),
        Ok(Some(Credential::Cookie(cookie))) => {
            assert!(headers.len() == 1 && !cookie.text.contains(';'));
        }
        Ok(None) => assert!(!headers.contains_key("authorization") && !headers.contains_key("x-api-key")),
        Err(_) => {}
    }
}

/// What is decoded encodes to the same bytes; a sealed cursor opens to itself, and with one bit changed not at all.
pub fn cursor(bytes: &[u8]) {
    let signer = Signer::new(b"a secret");
    let binding =
        Binding { workspace: None, endpoint: "/x".into(), filter: String::new(), sort: "id".into() };
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(signer.open(text, &binding).is_err(), "a cursor that nobody signed");
    }
    let Some(position) = decode(bytes) else { return };
    assert_eq!(encode(&position), bytes);
    let sealed = signer.seal(&position, &binding);
    let opened = signer.open(&sealed, &binding).expect("what was sealed opens");
    assert_eq!(encode(&opened), bytes);
    let other = Binding { endpoint: "/y".into(), ..binding.clone() };
    assert!(signer.open(&sealed, &other).is_err());
    let at = bytes.len() % sealed.len();
    let mut changed = sealed.into_bytes();
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).expect("base64 is ASCII");
    assert!(signer.open(&changed, &binding).is_err());
}

/// A condition never allows what it does not name, whatever stands around it.
pub fn etag(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = Condition::parse(text);
    assert_eq!(Condition::parse(&format!(" {text}\t")), read);
    match read {
        Some(Condition::Any) => assert_eq!(text.trim(), "*"),
        Some(tags @ Condition::Tags(_)) => {
            for version in [0, 1, 7, i64::MAX, i64::MIN] {
                assert!(!tags.allows(version) || text.contains(&version.to_string()));
            }
        }
        None => {}
    }
}

/// Two requests that differ only in the order of their query are one; in anything else, two.
pub fn fingerprint(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (query, media_type, body) = (part(), part(), part());
    let raw = RawKey::parse(b"a-key").expect("a key");
    let owner = Owner { workspace: b"w", principal: "per_1", method: "POST", path: "/x" };
    let asked = Asked { query: &query, media_type: &media_type, body_sha256: body.as_bytes() };
    let key = Key::new(&raw, owner, asked);
    let turned: Vec<&str> = query.split('&').rev().collect();
    let same = Key::new(&raw, owner, Asked { query: &turned.join("&"), ..asked });
    assert_eq!((same.lookup, same.fingerprint), (key.lookup, key.fingerprint));
    let others = [
        Asked { query: &format!("{query}&more=1"), ..asked },
        Asked { media_type: &format!("{media_type}x"), ..asked },
        Asked { body_sha256: &[body.as_bytes(), b"x"].concat(), ..asked },
    ];
    for other in others {
        let other = Key::new(&raw, owner, other);
        assert_eq!(other.lookup, key.lookup);
        assert_ne!(other.fingerprint, key.fingerprint);
    }
    // What stands at the end of one part does not count as the beginning of the next.
    let moved = Key::new(
        &raw,
        owner,
        Asked { media_type: &format!("{media_type}{body}"), body_sha256: b"", ..asked },
    );
    assert!(body.is_empty() || moved.fingerprint != key.fingerprint);
}

/// A bare key and the same key in quotes are one key.
pub fn idempotency_key(bytes: &[u8]) {
    let read = RawKey::parse(bytes);
    let visible = bytes.iter().all(|byte| (b'!'..=b'~').contains(byte));
    if !visible || bytes.is_empty() || bytes.starts_with(b"\"") {
        return;
    }
    assert_eq!(read.is_some(), bytes.len() <= 255);
    let mut quoted = vec![b'"'];
    for byte in bytes {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.push(b'"');
    assert!(RawKey::parse(&quoted) == read);
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    #[serde(default)]
    name: Field<String>,
    #[serde(default)]
    number: Field<i64>,
    #[serde(default)]
    list: Field<Vec<String>>,
}

/// What is taken as a patch is one object of known names, and each field is what was sent.
pub fn merge_patch(bytes: &[u8]) {
    let Ok(patch) = web::read_json::<Patch>(bytes) else { return };
    let sent: Value = serde_json::from_slice(bytes).expect("what was read is JSON");
    let sent = sent.as_object().expect("a patch is an object");
    assert!(sent.keys().all(|name| ["name", "number", "list"].contains(&name.as_str())));
    let is = |name: &str, keep: bool, set: Option<Value>| {
        assert_eq!(keep, !sent.contains_key(name), "{name}");
        assert_eq!(set.as_ref(), sent.get(name).filter(|value| !value.is_null()), "{name}");
    };
    is("name", patch.name.is_keep(), patch.name.as_set().map(|value| value.as_str().into()));
    is("number", patch.number.is_keep(), patch.number.as_set().map(|value| (*value).into()));
    is("list", patch.list.is_keep(), patch.list.as_set().map(|value| value.clone().into()));
}

/// A query string is read the same way twice, and paging stays within its bounds.
pub fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let place = Place { workspace: None, endpoint: "/x", filter: "" };
    let list = List::parse(text, &SortFields::USUAL, &Signer::new(b"a secret"), place);
    let Ok(params) = Params::parse(text) else {
        assert!(list.is_err());
        return;
    };
    let turned: Vec<&str> = text.split('&').rev().collect();
    let turned = Params::parse(&turned.join("&")).expect("the order does not matter");
    for name in ["page", "page_size", "limit", "cursor", "sort", "fields"] {
        assert_eq!(params.get(name), turned.get(name));
    }
    match Paging::of(&params) {
        Ok(Paging::Numbered { page, page_size }) => assert!(page >= 1 && (1..=100).contains(&page_size)),
        Ok(Paging::Keyset { limit, .. }) => assert!((1..=200).contains(&limit)),
        Err(_) => assert!(list.is_err()),
    }
}

/// A header that is taken is written the same way again.
pub fn traceparent(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(parent) = telemetry::traceparent::TraceParent::parse(text) else { return };
    let written = parent.to_string();
    assert!(telemetry::traceparent::TraceParent::parse(&written) == Some(parent));
    assert_eq!(parent.trace_id().len(), 32);
    assert_eq!(written[..52][3..], text[3..52]);
}
