//! From a request to a socket.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header::{
    CONNECTION, COOKIE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use types::{Error, Kind, Result};

use super::traffic::Socket;
use super::{Bounds, Visitor, traffic};
use crate::app::App;
use crate::context::Context;
use crate::cookie::own_page;
use crate::problem::Problem;

/// A request that may become a socket.
pub struct Handshake {
    pub visitor: Visitor,
    upgrade: OnUpgrade,
    accept: HeaderValue,
}

impl<S: Send + Sync> FromRequestParts<S> for Handshake {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let context = Context::of(parts)?;
        Ok(Self::check(Visitor::of(&context), parts)?)
    }
}

impl Handshake {
    fn check(visitor: Visitor, parts: &mut Parts) -> Result<Self> {
        if parts.method != Method::GET || parts.version != Version::HTTP_11 || !is_wanted(&parts.headers) {
            return Err(upgrade_required());
        }
        expected_page(&visitor.app, &parts.headers)?;
        if parts.headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(bad_handshake("Sec-WebSocket-Version must be 13."));
        }
        let mut keys = parts.headers.get_all(SEC_WEBSOCKET_KEY).iter();
        let (Some(key), None) = (keys.next(), keys.next()) else {
            return Err(bad_handshake("Sec-WebSocket-Key must come once."));
        };
        if key.len() != 24 || !key.as_bytes().ends_with(b"==") {
            return Err(bad_handshake("Sec-WebSocket-Key must be 16 bytes in base64."));
        }
        let accept =
            HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(types::Error::internal)?;
        // Without a connection underneath there is nothing to take over.
        let upgrade = parts.extensions.remove::<OnUpgrade>().ok_or_else(upgrade_required)?;
        Ok(Self { visitor, upgrade, accept })
    }

    /// Answers 101 and runs `serve` in the task group, once the connection has changed over.
    pub fn open<F, Fut>(self, name: &'static str, bounds: Bounds, serve: F) -> Response
    where
        F: FnOnce(Socket) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let upgrade = self.upgrade;
        let work = async move {
            match upgrade.await {
                Ok(connection) => serve(traffic::begin(TokioIo::new(connection), bounds).await).await,
                Err(error) => tracing::debug!(%error, "a connection did not change over to a socket"),
            }
        };
        self.visitor.app.tasks().spawn(name, work).detach();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        response
    }
}

/// Whether the request asks for a socket.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    has_word(headers, &CONNECTION, "upgrade") && has_word(headers, &UPGRADE, "websocket")
}

/// A browser sends a cookie for whatever page opens the socket, and no preflight comes before: only our own pages and
/// those that are listed may. Who brings no cookie proves himself with what no other page has.
fn expected_page(app: &App, headers: &HeaderMap) -> Result<()> {
    if headers.contains_key(COOKIE) { own_page(app, headers) } else { Ok(()) }
}

fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
}

fn upgrade_required() -> Error {
    Error::new(Kind::UpgradeRequired, "upgrade_required", "This address speaks WebSocket over HTTP/1.1 only.")
}

fn bad_handshake(why: &'static str) -> Error {
    Error::malformed("bad_handshake", why)
}
