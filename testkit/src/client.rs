//! Requests as a client makes them, through the whole house but the socket.

use std::net::IpAddr;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// Somebody who asks: the router, and what he proves himself with.
#[derive(Clone)]
pub struct Client {
    edge: web::edge::Edge,
    headers: HeaderMap,
    peer: Option<IpAddr>,
}

/// A request that is being put together.
pub struct Ask {
    client: Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    pub(crate) fn new(edge: web::edge::Edge) -> Self {
        Self { edge, headers: HeaderMap::new(), peer: None }
    }

    /// The same client, sending one more header with everything.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().expect("a header value"));
        self
    }

    /// The same client, connected from this address.
    #[must_use]
    pub fn at(self, address: impl Into<IpAddr>) -> Self {
        Self { peer: Some(address.into()), ..self }.with("host", "mainstay.example.test")
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn sent(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn ask(&self, method: Method, path: impl Into<String>) -> Ask {
        Ask {
            client: self.clone(),
            method,
            path: path.into(),
            headers: self.headers.clone(),
            body: Bytes::new(),
        }
    }

    pub async fn get(&self, path: impl Into<String>) -> Answer {
        self.ask(Method::GET, path).send().await
    }

    pub async fn post(&self, path: impl Into<String>, body: Value) -> Answer {
        self.ask(Method::POST, path).json(&body).send().await
    }

    pub async fn patch(&self, path: impl Into<String>, body: Value) -> Answer {
        self.ask(Method::PATCH, path).json(&body).send().await
    }

    pub async fn delete(&self, path: impl Into<String>) -> Answer {
        self.ask(Method::DELETE, path).send().await
    }
}

impl Ask {
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().expect("a header value"));
        self
    }

    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.raw("application/x-www-form-urlencoded", body.join("&"))
    }

    #[must_use]
    pub fn raw(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(media_type));
        self.body = body.into();
        self
    }

    pub async fn send(self) -> Answer {
        let body = Body::from(self.body.clone());
        self.send_with(body).await
    }

    /// Sends the headers at once, and the body when this has happened.
    pub async fn send_after(self, moment: impl Future<Output = ()> + Send + 'static) -> Answer {
        let bytes = self.body.clone();
        let body = futures_util::stream::once(async move {
            moment.await;
            Ok::<_, std::convert::Infallible>(bytes)
        });
        self.send_with(Body::from_stream(body)).await
    }

    async fn send_with(self, body: Body) -> Answer {
        let mut request = Request::builder().method(self.method).uri(self.path).body(body);
        if let Ok(request) = &mut request {
            *request.headers_mut() = self.headers;
        }
        let mut request = request.expect("a request that can be sent");
        if let Some(address) = self.client.peer {
            request.extensions_mut().insert(web::edge::Peer((address, 50_000).into()));
        }
        let response = self.client.edge.oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body that ends").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// One member of the body as text.
    pub fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_default().to_owned()
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        self.text("code")
    }

    /// Goes on only with this status; shows the answer otherwise.
    #[track_caller]
    #[allow(clippy::return_self_not_must_use, reason = "often the status is all a test asks for")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// Goes on only with this refusal.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.code(), code, "{}", answer.json());
    }
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
