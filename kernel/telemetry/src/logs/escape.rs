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

/// For JSON that is already serialised: characters that JSON allows in a string and a line should not have. They
/// stand only inside strings, so an escape means the same.
pub(super) fn json(text: String) -> String {
    if !text.chars().any(is_unsafe) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}
