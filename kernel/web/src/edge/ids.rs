//! The ids that tie a request together: the caller's where they are well formed, else new ones.
//!
//! Refuses to pass on anything it has not checked character by character: both ids are reflected.

use http::{HeaderMap, HeaderName, HeaderValue};
use types::{Clock, Id, Trace};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The ids of a request.
pub(super) fn of(headers: &HeaderMap, clock: &Clock) -> Trace {
    let request_id = only(headers, &REQUEST_ID).filter(|text| well_formed(text)).map(str::to_owned);
    let trace_id = only(headers, &TRACEPARENT).and_then(trace_of).map(str::to_owned);
    Trace {
        request_id: request_id.unwrap_or_else(|| Id::at(clock.now()).encode()),
        trace_id: trace_id.unwrap_or_else(|| format!("{:032x}", rand::random::<u128>().max(1))),
    }
}

/// Says the ids in the response.
pub(super) fn say(trace: &Trace, headers: &mut HeaderMap) {
    for (name, id) in [(REQUEST_ID, &trace.request_id), (TRACE_ID, &trace.trace_id)] {
        if let Ok(value) = HeaderValue::from_str(id) {
            headers.insert(name, value);
        }
    }
}

/// The value of a header that came once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn well_formed(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The trace id of a W3C `traceparent`, read strictly: a later version may be longer, version 00 may not.
fn trace_of(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 55 || bytes[2] != b'-' || bytes[35] != b'-' || bytes[52] != b'-' {
        return None;
    }
    let (version, trace, parent, flags) = (&text[..2], &text[3..35], &text[36..52], &text[53..55]);
    let hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let zero = |part: &str| part.bytes().all(|b| b == b'0');
    let ends_well = match version {
        "ff" => false,
        "00" => bytes.len() == 55,
        _ => bytes.len() == 55 || bytes[55] == b'-',
    };
    let good = ends_well && [version, trace, parent, flags].into_iter().all(hex);
    (good && !zero(trace) && !zero(parent)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a38_an_id_that_is_not_well_formed_is_replaced() {
        for bad in ["", "a b", "a\"b", "a;b", "é", &"x".repeat(65), "<script>", "a/b"] {
            assert!(!well_formed(bad), "{bad}");
        }
        assert!(well_formed("Az.09_-"));
        let mut headers = HeaderMap::new();
        headers.append(REQUEST_ID, HeaderValue::from_static("one"));
        headers.append(REQUEST_ID, HeaderValue::from_static("two"));
        assert_eq!(of(&headers, &Clock::system()).request_id.len(), 26);
    }

    #[test]
    fn a_traceparent_is_read_strictly() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(trace_of(good), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(trace_of(&good.replacen("00", "cc", 1)), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        let bad = [
            format!("{good}-more"),
            good.to_uppercase(),
            good.replacen("00", "ff", 1),
            good.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            good.replace('-', "_"),
            "00-1-2-3".into(),
        ];
        for text in bad {
            assert_eq!(trace_of(&text), None, "{text}");
        }
    }
}
