//! What a handler answers: built before the commit, kept with it, sent after it.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use types::{Error, Result};

use crate::cookie::SetCookie;
use crate::etag::Tag;

/// Tells a replayed reply from a first one.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Who may keep a reply, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cache {
    /// Holds a credential or a secret: nobody.
    NoStore,
    /// The caller's own client, asking again each time.
    Private,
    /// What anonymous callers may read by an explicit rule.
    Public,
}

/// A finished answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    pub(crate) etag: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) cache: Cache,
    pub(crate) replayed: bool,
    pub(crate) cookie: Option<SetCookie>,
}

/// A thing with an address, an id and a version: what most handlers answer with.
pub trait Thing: Serialize {
    fn id(&self) -> String;
    fn version(&self) -> i64;
    /// What is shown of it and changes without its version, if there is such a thing: a part of its tag.
    fn beside(&self) -> Option<String> {
        None
    }
    /// The address it can be read at.
    fn path(&self) -> String;
}

impl Reply {
    pub fn json<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Result<Self> {
        let body = serde_json::to_vec(value).map_err(Error::internal)?;
        Ok(Self {
            status,
            body: body.into(),
            etag: None,
            location: None,
            cache: Cache::Private,
            replayed: false,
            cookie: None,
        })
    }

    /// 200 with a body.
    pub fn ok<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Self::json(StatusCode::OK, value)
    }

    /// 204.
    pub fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Bytes::new(),
            etag: None,
            location: None,
            cache: Cache::Private,
            replayed: false,
            cookie: None,
        }
    }

    /// `{"status": "ok"}`, for what has nothing else to say.
    pub fn acknowledged() -> Self {
        Self { status: StatusCode::OK, body: Bytes::from_static(br#"{"status":"ok"}"#), ..Self::empty() }
    }

    /// For a reply that holds a credential or a secret.
    #[must_use]
    pub fn no_store(mut self) -> Self {
        self.cache = Cache::NoStore;
        self
    }

    /// Sets a cookie, or takes it away. It is never kept with the reply, so a replay sets nothing.
    #[must_use]
    pub fn cookie(mut self, cookie: SetCookie) -> Self {
        self.cookie = (!self.replayed).then_some(cookie);
        self
    }

    #[must_use]
    pub(crate) fn tagged(mut self, tag: &Tag) -> Self {
        self.etag = Some(tag.header());
        self
    }

    #[must_use]
    pub(crate) fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    #[must_use]
    pub(crate) fn cached(mut self, cache: Cache) -> Self {
        self.cache = cache;
        self
    }

    /// 304: the tag and nothing else.
    #[must_use]
    pub(crate) fn not_modified(mut self) -> Self {
        self.status = StatusCode::NOT_MODIFIED;
        self.body = Bytes::new();
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if !self.body.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in [(header::ETAG, self.etag), (header::LOCATION, self.location)] {
            if let Some(value) = value.and_then(|text| HeaderValue::try_from(text).ok()) {
                headers.insert(name, value);
            }
        }
        let cache = match self.cache {
            Cache::NoStore => "no-store",
            Cache::Private => "private, no-cache",
            Cache::Public => "public, max-age=30",
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Some(cookie) = self.cookie {
            cookie.put(headers);
        }
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
