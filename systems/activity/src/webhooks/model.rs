//! A webhook, and what it may be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Problems, Scalar, Time, WorkspaceId, typed_id};
use utoipa::ToSchema;

typed_id!(
    /// A webhook.
    WebhookId,
    "whk"
);

pub(crate) const LONGEST_DESCRIPTION: usize = 200;
pub(crate) const LONGEST_URL: usize = 2_000;
pub(crate) const MOST_TYPES: usize = 50;
const MOST_HEADERS: usize = 10;
const LONGEST_HEADER: usize = 1_000;

/// Headers that are ours to set, or that would change how the request is read.
const RESERVED: [&str; 22] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Whether anything is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Enabled,
    /// By somebody.
    Disabled,
    /// By Mainstay, for the reason beside it.
    SwitchedOff,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::SwitchedOff => "switched_off",
        }
    }

    /// What is not known tells nothing.
    pub(crate) fn read(text: &str) -> Self {
        match text {
            "enabled" => Self::Enabled,
            "switched_off" => Self::SwitchedOff,
            _ => Self::Disabled,
        }
    }
}

impl From<State> for Scalar {
    fn from(state: State) -> Self {
        state.as_str().into()
    }
}

/// A webhook as the table has it.
#[derive(Clone, Debug)]
pub(crate) struct WebhookRow {
    pub(crate) id: WebhookId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) description: String,
    pub(crate) url: String,
    pub(crate) types: Vec<String>,
    /// The permissions that whoever chose the types or the address had.
    pub(crate) granted: Vec<String>,
    pub(crate) header_names: Vec<String>,
    pub(crate) headers: Vec<u8>,
    pub(crate) secret: Vec<u8>,
    pub(crate) old_secret: Option<Vec<u8>>,
    pub(crate) old_secret_until: Option<Time>,
    pub(crate) state: State,
    pub(crate) reason: Option<String>,
    pub(crate) failing_since: Option<Time>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) version: i64,
}

impl WebhookRow {
    /// Where it goes, without the path: that may hold a secret.
    pub(crate) fn host(&self) -> &str {
        host(&self.url)
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// Scheme, host and port, the usual port left out: to whom what is sent there is told.
pub(crate) fn origin(url: &str) -> (String, String) {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    let host = host(url).to_ascii_lowercase();
    let usual = if scheme == "http" { ":80" } else { ":443" };
    let host = host.strip_suffix(usual).unwrap_or(&host).to_owned();
    (scheme, host)
}

/// Every mistake in the headers that somebody wants sent along.
pub(crate) fn check_headers(headers: &BTreeMap<String, String>, problems: &mut Problems) {
    if headers.len() > MOST_HEADERS {
        problems.add("/headers", "too_many", format!("must be at most {MOST_HEADERS}"));
    }
    let mut seen = Vec::new();
    for (name, value) in headers {
        let path = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
        let lower = name.to_ascii_lowercase();
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(token) {
            problems.add(&path, "header_name", "must be the name of a header, at most 64 characters");
        } else if RESERVED.contains(&lower.as_str()) || lower.starts_with("webhook-") {
            problems.add(&path, "reserved_header", "is not yours to set");
        } else if seen.contains(&lower) {
            problems.add(&path, "duplicate_header", "is there twice, in different letters");
        }
        // Visible ASCII with single blanks inside: nothing that could end the line.
        let plain = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if value.is_empty() || value.len() > LONGEST_HEADER || !plain || value.trim() != value {
            let message = format!("must be 1 to {LONGEST_HEADER} visible ASCII characters on one line");
            problems.add(&path, "header_value", message);
        }
        seen.push(lower);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(name: &str, value: &str) -> usize {
        let mut problems = Problems::new();
        check_headers(&BTreeMap::from([(name.to_owned(), value.to_owned())]), &mut problems);
        problems.into_result().err().map_or(0, |error| error.fields().len())
    }

    #[test]
    fn a33_no_header_ends_its_line_or_takes_the_place_of_ours() {
        assert_eq!(mistakes("X-Tenant", "a b/c=\"d\""), 0);
        assert_eq!(mistakes("Authorization", "Bearer abc"), 0);
        for name in ["", "a b", "a:", "a\r\nb", "a\0", "ü", "(x)", &"x".repeat(65)] {
            assert_eq!(mistakes(name, "x"), 1, "{name:?}");
        }
        for name in [
            "Host",
            "CONTENT-LENGTH",
            "Transfer-Encoding",
            "webhook-signature",
            "Webhook-Anything",
            "TE",
            "Cookie",
        ] {
            assert_eq!(mistakes(name, "x"), 1, "{name:?}");
        }
        for value in [
            "",
            "a\r\nX-Evil: 1",
            "a\nb",
            "a\rb",
            "a\0",
            "a\tb",
            " a",
            "a ",
            "ü",
            "\u{2028}",
            &"x".repeat(1001),
        ] {
            assert_eq!(mistakes("X-A", value), 1, "{value:?}");
        }
    }

    #[test]
    fn a33_one_header_comes_once_and_there_are_not_many() {
        let mut problems = Problems::new();
        let twice = BTreeMap::from([("X-A".to_owned(), "1".to_owned()), ("x-a".to_owned(), "2".to_owned())]);
        check_headers(&twice, &mut problems);
        assert!(!problems.is_empty());
        let mut problems = Problems::new();
        check_headers(&(0..11).map(|n| (format!("X-{n}"), "1".to_owned())).collect(), &mut problems);
        assert!(!problems.is_empty());
    }

    #[test]
    fn a_host_is_all_that_is_told_of_an_address() {
        assert_eq!(host("https://hooks.example/T0/B0/secret?token=x"), "hooks.example");
        assert_eq!(host("https://hooks.example:8443"), "hooks.example:8443");
    }

    #[test]
    fn one_server_has_one_origin_however_it_is_written() {
        let here = origin("https://hooks.example/a");
        for same in ["https://hooks.example", "HTTPS://Hooks.Example:443/b?c", "https://hooks.example?c"] {
            assert_eq!(origin(same), here, "{same}");
        }
        for other in [
            "http://hooks.example/a",
            "https://hooks.example:80/a",
            "https://hooks.example:4430/a",
            "https://hooks.example.evil.example/a",
            "https://evil.example/hooks.example",
        ] {
            assert_ne!(origin(other), here, "{other}");
        }
    }
}
