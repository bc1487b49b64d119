//! What never stands in a log: the values of fields with telling names, passwords in addresses, query strings,
//! bearer tokens.
//!
//! A net for what slips through, no permission to log secrets.

use std::borrow::Cow;
use std::fmt;

pub const HIDDEN: &str = "[redacted]";

/// A value that shows as `[redacted]` however it is formatted.
#[derive(Clone, Copy)]
pub struct Redacted<T>(pub T);

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

const TELLING: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "apikey",
    "privatekey",
    "signature",
    "credential",
    "csrf",
    "otp",
];

/// Fields that carry an address, whose query is nobody's business.
const ADDRESSES: &[&str] = &["url", "uri", "path", "query", "location", "referer", "target_url", "href"];

/// Is this the name of something secret? `api_key`, `Set-Cookie`, `accessToken` are.
pub fn is_secret_name(name: &str) -> bool {
    let flat: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    // A word of three letters is found in many others.
    TELLING.iter().any(|word| if word.len() == 3 { flat == *word } else { flat.contains(word) })
}

/// How the values of a field are treated, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Never shown.
    Hidden,
    /// Shown as empty or not.
    Query,
    /// An address, without its query.
    Address,
    Free,
}

pub(super) fn rule(name: &str) -> Rule {
    match name {
        name if is_secret_name(name) => Rule::Hidden,
        "query" => Rule::Query,
        name if ADDRESSES.contains(&name) => Rule::Address,
        _ => Rule::Free,
    }
}

/// The value of the field `name`, as it may stand in a log.
pub fn field<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    by(rule(name), value)
}

pub(super) fn by(rule: Rule, value: &str) -> Cow<'_, str> {
    match rule {
        Rule::Query if value.is_empty() => Cow::Borrowed(value),
        Rule::Hidden | Rule::Query => Cow::Owned(HIDDEN.to_owned()),
        Rule::Address => match value.split_once('?') {
            Some((before, _)) => Cow::Owned(format!("{}?{HIDDEN}", text(before))),
            None => text(value),
        },
        Rule::Free => text(value),
    }
}

/// Free text without passwords in addresses, query strings of addresses, `password=...` and bearer tokens.
pub fn text(value: &str) -> Cow<'_, str> {
    if is_harmless(value) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while !rest.is_empty() {
        // One word after the other, with the blanks and quotes between them kept.
        let gap = rest.find(|c| !is_gap(c)).unwrap_or(rest.len());
        out.push_str(&rest[..gap]);
        rest = &rest[gap..];
        let end = rest.find(is_gap).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        if is_auth_scheme(word) {
            out.push_str(word);
            rest = hide_next(rest, &mut out);
        } else if word.strip_suffix(['=', ':']).is_some_and(is_secret_key) {
            // `password="x"` and `password: "x"` are values; `bad token: expired` is prose.
            out.push_str(word);
            if word.ends_with('=') || next_is_quoted(rest) {
                rest = hide_next(rest, &mut out);
            }
        } else if is_secret_key(word) && json_value(rest) {
            out.push_str(word);
            rest = hide_json_value(rest, &mut out);
        } else {
            address_or_pair(word, &mut out);
        }
    }
    Cow::Owned(out)
}

fn is_gap(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '\'' | '<' | '>' | '`' | '{' | '}' | '(' | ')' | ',' | ';')
}

fn is_auth_scheme(word: &str) -> bool {
    ["bearer", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Nothing in it names a value, and no word is followed by one. Every text of every line is looked at here.
fn is_harmless(value: &str) -> bool {
    let bytes = value.as_bytes();
    !bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'=' | b':' | b'\'' => true,
        b'b' | b'B' => ["bearer", "basic"].iter().any(|scheme| {
            bytes.get(at..at + scheme.len()).is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes()))
        }),
        _ => false,
    })
}

/// The last part of `?token`, `&token` or `body.token` decides.
fn is_secret_key(name: &str) -> bool {
    name.rsplit(['?', '&', '.', '=', ':', '[']).next().is_some_and(is_secret_name)
}

fn next_is_quoted(rest: &str) -> bool {
    rest.trim_start_matches([' ', '\\']).starts_with(['"', '\''])
}

/// `"password": "x"`: the name is a word of its own, the colon stands behind the quote.
fn json_value(rest: &str) -> bool {
    rest.strip_prefix('"').is_some_and(|rest| rest.trim_start().starts_with(':'))
        || rest.strip_prefix("\\\"").is_some_and(|rest| rest.trim_start().starts_with(':'))
}

fn hide_json_value<'r>(rest: &'r str, out: &mut String) -> &'r str {
    let colon = rest.find(':').map_or(rest.len(), |at| at + 1);
    out.push_str(&rest[..colon]);
    hide_next(&rest[colon..], out)
}

/// Copies the gap, then hides the quoted text or the word behind it.
fn hide_next<'r>(rest: &'r str, out: &mut String) -> &'r str {
    let start = rest.find(|c: char| !c.is_whitespace() && c != '\\').unwrap_or(rest.len());
    out.push_str(&rest[..start]);
    let rest = &rest[start..];
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let mut escaped = false;
        let close = rest[1..].find(|c| {
            let found = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            found
        });
        out.push(quote);
        out.push_str(HIDDEN);
        return match close {
            Some(at) => {
                out.push(quote);
                &rest[at + 2..]
            }
            None => "",
        };
    }
    let end = rest.find(is_gap).unwrap_or(rest.len());
    if end > 0 {
        out.push_str(HIDDEN);
    }
    &rest[end..]
}

fn address_or_pair(word: &str, out: &mut String) {
    if let Some(at) = word.find("://") {
        let (scheme, rest) = word.split_at(at + 3);
        out.push_str(scheme);
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        // A password may hold a slash that nobody encoded: then the last @ of the word ends it.
        let authority = rest.rfind('@').map_or(authority, |at| authority.max(at));
        let (host, path) = rest.split_at(authority);
        match host.rsplit_once('@') {
            Some((user, host)) => {
                out.push_str(user.split(':').next().unwrap_or_default());
                if user.contains(':') {
                    out.push_str(":[redacted]");
                }
                out.push('@');
                out.push_str(host);
            }
            None if path.starts_with('@') => {
                out.push_str(host.split(':').next().unwrap_or_default());
                out.push_str(":[redacted]");
            }
            None => out.push_str(host),
        }
        match path.split_once('?') {
            Some((before, _)) => {
                out.push_str(before);
                out.push('?');
                out.push_str(HIDDEN);
            }
            None => out.push_str(path),
        }
        return;
    }
    let mut first = true;
    for pair in word.split('&') {
        if !first {
            out.push('&');
        }
        first = false;
        match pair.split_once('=') {
            Some((name, _)) if is_secret_key(name) => {
                out.push_str(name);
                out.push('=');
                out.push_str(HIDDEN);
            }
            _ => out.push_str(pair),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telling_names_hide_their_values() {
        for name in
            ["password", "new_password", "accessToken", "Authorization", "Set-Cookie", "x-api-key", "otp"]
        {
            assert_eq!(field(name, "hunter2"), HIDDEN, "{name}");
        }
        for name in ["email", "workspace", "options", "desktop", "authority"] {
            assert_eq!(field(name, "plain"), "plain", "{name}");
        }
        assert_eq!(format!("{:?} {}", Redacted("x"), Redacted(7)), "[redacted] [redacted]");
    }

    #[test]
    fn a39_no_secret_in_any_text() {
        let cases = [
            "postgres://app:hunter2@db.example.test:5432/main",
            "postgres://app:hun/hunter2@db.example.test/main",
            "postgres://app:hunter2@[::1]/main?sslmode=require",
            "could not reach 'postgres://app:hunter2@db/main', giving up",
            "host=db user=app password=hunter2 dbname=main",
            "host=db password='hunter2 with blank hunter2'",
            "GET https://s3.example.test/b/k?X-Amz-Signature=hunter2&X=1 failed",
            "authorization: Bearer hunter2",
            "Authorization: Basic hunter2",
            "bearer hunter2",
            "GET /callback?code=1&access_token=hunter2",
            r#"{"email":"a@example.test","password":"hunter2","x":1}"#,
            r#"{"password" : "hunter2\"hunter2"}"#,
            r#"Login { email: "a", password: "hunter2" }"#,
            "cookie=hunter2",
            "redis://:hunter2@cache/0",
        ];
        for case in cases {
            let shown = text(case);
            assert!(!shown.contains("hunter2"), "{case} -> {shown}");
            assert!(shown.contains(HIDDEN), "{case} -> {shown}");
        }
    }

    #[test]
    fn the_rest_stays_readable() {
        for plain in [
            "listening on http://127.0.0.1:8080/docs",
            "bad token: expired",
            "12:30:01 it's done (a=1, b=2)",
            "see https://example.test/guide#stages",
        ] {
            assert_eq!(text(plain), plain);
        }
        assert_eq!(field("path", "/api/v1/x?cursor=abc"), "/api/v1/x?[redacted]");
        assert_eq!(text("postgres://app:pw@db/main"), "postgres://app:[redacted]@db/main");
    }

    proptest::proptest! {
        #[test]
        fn it_never_panics(value in "\\PC*", junk in "[=:@/?&\"'\\\\ a-z]{0,40}") {
            let _ = text(&value);
            let _ = text(&junk);
            let _ = text(&format!("password={junk}"));
        }
    }
}
