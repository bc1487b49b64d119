//! What is asked, and what comes back.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use telemetry::traceparent::TraceParent;

use crate::error::Refusal;

/// Retries of a request that may be repeated, unless it asks for another number.
const RETRIES: u32 = 2;
/// What the framing and the route of a request are made of: ours to set.
const OURS: [HeaderName; 11] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];
/// All that another origin gets to see when a redirect leads there: any other header may be a credential.
const HARMLESS: [HeaderName; 4] =
    [header::ACCEPT, header::ACCEPT_LANGUAGE, header::USER_AGENT, HeaderName::from_static("traceparent")];

/// One request. `label` is a fixed word for the metrics: who asks, as `webhook` or `sign_in`.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) label: &'static str,
    pub(crate) lane: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) repeatable: bool,
    pub(crate) retries: u32,
    pub(crate) deadline: Option<Duration>,
    pub(crate) limit: Option<u64>,
    pub(crate) redirects: u32,
    pub(crate) refused: Option<Refusal>,
}

impl Request {
    pub fn new(method: Method, url: impl Into<String>, label: &'static str) -> Self {
        let repeatable = method.is_idempotent();
        let refused = matches!(method, Method::CONNECT | Method::TRACE).then_some(Refusal::Method);
        Self {
            method,
            url: url.into(),
            label,
            lane: label.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            repeatable,
            retries: RETRIES,
            deadline: None,
            limit: None,
            redirects: 0,
            refused,
        }
    }

    pub fn get(url: impl Into<String>, label: &'static str) -> Self {
        Self::new(Method::GET, url, label)
    }

    pub fn post(url: impl Into<String>, label: &'static str, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, url, label).body(body)
    }

    /// On whose behalf: the id of a workspace, or a feature. Lanes do not slow each other down.
    #[must_use]
    pub fn lane(mut self, lane: impl Into<String>) -> Self {
        self.lane = lane.into();
        self
    }

    /// A header; one that is not valid, or not the caller's to set, has the request refused.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) if !OURS.contains(&name) => {
                self.headers.append(name, value);
            }
            _ => self.refused = Some(Refusal::Header),
        }
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// It does no harm when it arrives twice. Known of GET, PUT and DELETE; a POST has to say so.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Retries at most; 0 for none. A request that may not be repeated is only retried when nothing of it was sent.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The longest it may take with everything, in place of `outbound.timeout`.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The largest body of the answer, in place of `outbound.body_limit`.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// Follows so many redirects of a GET or HEAD, each as carefully as the first address. Others get the redirect itself.
    #[must_use]
    pub fn follow_redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// The trace that this belongs to. Anything that is no trace id is left out.
    #[must_use]
    pub fn trace(mut self, trace: &types::Trace) -> Self {
        let here = TraceParent::generate().parent_id();
        let parent = TraceParent::parse(&format!("00-{}-{here}-01", trace.trace_id));
        if let Some(value) = parent.and_then(|parent| HeaderValue::from_str(&parent.to_string()).ok()) {
            self.headers.insert("traceparent", value);
        }
        self
    }

    pub(crate) fn forget_credentials(&mut self) {
        let kept = HARMLESS.into_iter().filter_map(|name| {
            let value = self.headers.get(&name)?.clone();
            Some((name, value))
        });
        self.headers = kept.collect();
    }
}

/// Without the path, the headers and the body: any of them may be a secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("label", &self.label)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

/// What came back, whatever its status is.
#[derive(Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As sent: nothing is unpacked.
    pub body: Bytes,
    /// How often it was asked for.
    pub attempts: u32,
    /// What `Retry-After` said, never longer than `outbound.longest_retry_after`.
    pub retry_after: Option<Duration>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.len();
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &bytes).finish_non_exhaustive()
    }
}
