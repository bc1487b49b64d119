//! The ids that tie a request together: the caller's where they are well formed, else new ones.
//!
//! Refuses to pass on anything it has not checked character by character: both ids are reflected.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use telemetry::traceparent::TraceParent;
use types::{Clock, Id, Origin, Trace};

use super::client::ClientAddr;
use super::redact;

/// Longer names of a client are somebody's attempt at something.
const LONGEST_AGENT: usize = 256;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The ids of a request, and where it comes from.
pub(super) fn of(headers: &HeaderMap, clock: &Clock, client: ClientAddr) -> Trace {
    let request_id = only(headers, &REQUEST_ID).filter(|text| well_formed(text)).map(Arc::from);
    let parent = only(headers, &TRACEPARENT).and_then(TraceParent::parse);
    Trace {
        request_id: request_id.unwrap_or_else(|| Id::at(clock.now()).encode().into()),
        trace_id: parent.unwrap_or_else(TraceParent::generate).trace_id().into(),
        origin: Some(Arc::new(Origin { address: client.0, agent: agent(headers) })),
    }
}

fn agent(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).map_or(&[][..], HeaderValue::as_bytes);
    redact::escaped(said, LONGEST_AGENT)
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
        let nowhere = ClientAddr(std::net::IpAddr::from([0, 0, 0, 0]));
        assert_eq!(of(&headers, &Clock::system(), nowhere).request_id.len(), 26);
    }
}
