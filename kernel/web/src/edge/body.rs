//! The request's body, counted while it is read: what it says of its own length is not believed.
//!
//! Refuses to know media types. Compressed bodies are refused before they are read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Request};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use types::{Error, Kind};

use super::limits::Limits;

/// Refuses what we would have to decompress: a small body that becomes a large one.
pub(super) fn refuse_encoded(headers: &HeaderMap) -> types::Result<()> {
    let plain =
        headers.get_all(CONTENT_ENCODING).iter().all(|v| v.as_bytes().eq_ignore_ascii_case(b"identity"));
    if plain {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unsupported,
        "unsupported_content_encoding",
        "Bodies are taken without Content-Encoding, or with identity.",
    ))
}

/// Puts the counting body around what was sent.
pub(super) fn limit(request: Request<Body>, limits: &Limits) -> Request<Body> {
    if request.body().is_end_stream() {
        return request;
    }
    let limits = limits.clone();
    request.map(|inner| Body::new(Limited { inner, limits, taken: 0, stall: None, over: false }))
}

/// The problem that a body which went too far deserves, whatever the handler made of it.
pub(super) fn verdict(limits: &Limits) -> Option<Error> {
    if limits.exceeded() {
        let bytes = limits.body_bytes();
        let text = format!("The body is larger than the limit of {bytes} bytes.");
        return Some(
            Error::new(Kind::TooLarge, "body_too_large", text)
                .with("limit", "body")
                .with("limit_bytes", bytes),
        );
    }
    if limits.stalled() {
        return Some(
            Error::new(Kind::Timeout, "body_stalled", "The body stopped arriving.")
                .with("limit", "body_stall"),
        );
    }
    None
}

struct Limited {
    inner: Body,
    limits: Limits,
    taken: u64,
    stall: Option<Pin<Box<Sleep>>>,
    over: bool,
}

impl Limited {
    fn refuse(&mut self) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.over = true;
        // What was sent and not read is not kept.
        self.inner = Body::empty();
        Poll::Ready(Some(Err(axum::Error::new(Refused))))
    }
}

impl HttpBody for Limited {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        // Before the first byte is asked for, so that `Expect: 100-continue` is not answered with a 100.
        if this.taken == 0 && this.inner.size_hint().lower() > this.limits.body_bytes() {
            this.limits.note_exceeded();
            return this.refuse();
        }
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) else {
            let span = this.limits.stall();
            let timer = this.stall.get_or_insert_with(|| Box::pin(sleep(span)));
            ready!(timer.as_mut().poll(cx));
            this.limits.note_stalled();
            return this.refuse();
        };
        if let Some(timer) = &mut this.stall {
            let next = Instant::now() + this.limits.stall();
            timer.as_mut().reset(next);
        }
        if let Some(Ok(frame)) = &frame {
            this.taken += frame.data_ref().map_or(0, |data| data.len() as u64);
            if this.taken > this.limits.body_bytes() {
                this.limits.note_exceeded();
                return this.refuse();
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[derive(Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body passed a limit")
    }
}

impl std::error::Error for Refused {}
