//! The ids that tie a request together: the caller's where they are well formed, else new ones.
//!
//! Refuses to pass on anything it has not checked character by character: both ids are reflected.

use http::{HeaderMap, HeaderName, HeaderValue};
use telemetry::traceparent::TraceParent;
use types::{Clock, Id, Trace};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The ids of a request.
pub(super) fn of(headers: &HeaderMap, clock: &Clock) -> Trace {
    let request_id = only(headers, &REQUEST_ID).filter(|text| well_formed(text)).map(str::to_owned);
    let parent = only(headers, &TRACEPARENT).and_then(TraceParent::parse);
    Trace {
        request_id: request_id.unwrap_or_else(|| Id::at(clock.now()).encode()),
        trace_id: parent.unwrap_or_else(TraceParent::generate).trace_id(),
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
}
