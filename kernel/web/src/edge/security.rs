//! The headers that tell a browser how little it may do with what we send.
//!
//! Owns the strict default; a page that needs more says so through [`page_policy`] and gets no more than that.

use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Where browsers send what a policy stopped.
pub(super) const REPORTS: &str = "/api/v1/security/report";

const STRICT: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      report-uri /api/v1/security/report; report-to csp";
const FEATURES: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
                        magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), \
                        browsing-topics=(), interest-cohort=()";

static ALWAYS: [(HeaderName, HeaderValue); 8] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: with it a browser says `Origin: null` for a form, and our own forms would be refused.
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(FEATURES)),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), HeaderValue::from_static("none")),
    (
        HeaderName::from_static("reporting-endpoints"),
        HeaderValue::from_static("csp=\"/api/v1/security/report\""),
    ),
];

/// The policy of a page: nothing, and `allowed` on top (`style-src 'self'; form-action 'self'`).
pub fn page_policy(allowed: &str) -> String {
    let names: Vec<&str> = allowed.split(';').filter_map(|part| part.split_whitespace().next()).collect();
    let mut policy = allowed.trim().trim_end_matches(';').to_owned();
    for (name, value) in [
        ("default-src", "'none'"),
        ("base-uri", "'none'"),
        ("form-action", "'none'"),
        ("frame-ancestors", "'none'"),
    ] {
        if !names.contains(&name) {
            policy.push_str("; ");
            policy.push_str(name);
            policy.push(' ');
            policy.push_str(value);
        }
    }
    format!("{}; report-uri {REPORTS}; report-to csp", policy.trim_start_matches("; "))
}

/// [`page_policy`] as a header to return from a handler.
pub fn page_policy_header(allowed: &str) -> (HeaderName, HeaderValue) {
    let strict = HeaderValue::from_static(STRICT);
    (CONTENT_SECURITY_POLICY, HeaderValue::from_str(&page_policy(allowed)).unwrap_or(strict))
}

/// Sets what the handler did not.
pub(super) fn apply(headers: &mut HeaderMap, https: bool) {
    // Once, and not at every doubling: a response has some twenty.
    headers.reserve(ALWAYS.len() + 8);
    for (name, value) in &ALWAYS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(STRICT));
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gets_what_it_asks_for_and_nothing_else() {
        let policy = page_policy("style-src 'self'; form-action 'self'");
        assert!(
            policy.starts_with("style-src 'self'; form-action 'self'; default-src 'none'; base-uri 'none'")
        );
        assert_eq!(policy.matches("form-action").count(), 1);
        assert!(policy.ends_with("report-uri /api/v1/security/report; report-to csp"));
        assert_eq!(page_policy(""), STRICT.replace("  ", " "));
    }
}
