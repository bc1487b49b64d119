//! What a caller wrote, made safe for a log line: one line, no control or direction characters, no secrets.
//!
//! Refuses to guess which values are secret: it knows the few that are not.

use std::fmt::Write as _;

/// Parameters whose values help and hide nothing. Every other value is left out of the log.
const HARMLESS: [&str; 9] =
    ["page", "page_size", "limit", "sort", "fields", "expand", "view", "format", "include_total"];

/// `text` on one line, at most `max` characters of it.
pub(super) fn escaped(text: &[u8], max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for (n, c) in String::from_utf8_lossy(text).chars().enumerate() {
        if n == max {
            out.push('…');
            break;
        }
        let hidden = c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if hidden {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        } else {
            out.push(c);
        }
    }
    out
}

/// The names of the parameters, and the values of the harmless ones.
pub(super) fn query(query: &str) -> String {
    let mut out = String::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()).take(50) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let kept = if HARMLESS.contains(&name) { value } else { "…" };
        let _ = write!(
            out,
            "{}{}={}",
            if out.is_empty() { "" } else { "&" },
            escaped(name.as_bytes(), 64),
            escaped(kept.as_bytes(), 64)
        );
    }
    out
}

/// `%70` is `p` and `+` is a space; what is not hexadecimal stays.
pub(super) fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |n: usize| bytes.get(at + n).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a39_user_text_stays_on_its_line() {
        let text = escaped("a\r\nb\u{1b}[31m\u{2028}\u{202e}\0é".as_bytes(), 99);
        assert_eq!(text, "a\\u{d}\\u{a}b\\u{1b}[31m\\u{2028}\\u{202e}\\u{0}é");
        assert_eq!(escaped(b"abcdef", 3), "abc…");
    }

    #[test]
    fn a39_values_that_may_be_secret_are_left_out() {
        assert_eq!(
            query("page=2&token=s3cret&X-Amz-Signature=abc&sort=-id"),
            "page=2&token=…&X-Amz-Signature=…&sort=-id"
        );
    }
}
