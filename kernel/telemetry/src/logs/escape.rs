//! Text that can not break a line, move a cursor or turn the reading direction.

use std::fmt::Write as _;

/// Control characters of both ranges, the line and paragraph separators, and the marks that reorder text.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// For the form for people: what is not safe is written out.
pub(super) fn plain(text: &str, to: &mut String) {
    for c in text.chars() {
        match c {
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            c if is_unsafe(c) => {
                let _ = write!(to, "\\u{{{:x}}}", u32::from(c));
            }
            c => to.push(c),
        }
    }
}

/// A string of JSON, without the characters that JSON allows in it and a line should not have.
pub(super) fn quoted(text: &str, to: &mut String) {
    to.push('"');
    let harmless = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if text.bytes().all(harmless) {
        to.push_str(text);
    } else {
        text.chars().for_each(|c| letter(c, to));
    }
    to.push('"');
}

fn letter(c: char, to: &mut String) {
    match c {
        '"' => to.push_str("\\\""),
        '\\' => to.push_str("\\\\"),
        '\n' => to.push_str("\\n"),
        '\r' => to.push_str("\\r"),
        '\t' => to.push_str("\\t"),
        c if is_unsafe(c) => {
            let _ = write!(to, "\\u{:04x}", u32::from(c));
        }
        c => to.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a39_what_is_quoted_is_read_back_and_stays_on_its_line(text in "(\\PC|[\\x00-\\x20\\x7f-\\xa0\"\\\\\u{2028}\u{202e}\u{feff}]){0,60}") {
            let mut line = String::new();
            quoted(&text, &mut line);
            proptest::prop_assert!(!line.contains(is_unsafe), "{line:?}");
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
