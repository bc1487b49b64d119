//! The frame around an answer of Server-Sent Events: the first comment, signs of life, and headers that keep
//! proxies from holding it back.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use http::header;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back.
const COME_BACK: Duration = Duration::from_secs(2);

/// A message of a stream.
pub type Frame = Event;

/// The messages as an answer that goes on. A comment comes first, so that a client knows at once that it is connected.
pub fn streamed(frames: impl Stream<Item = Frame> + Send + 'static) -> Response {
    let hello = Frame::default().retry(COME_BACK).comment("connected");
    let frames = stream::once(std::future::ready(hello)).chain(frames).map(Ok::<_, Infallible>);
    let sse = Sse::new(frames).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("keepalive"));
    ([(header::CACHE_CONTROL.as_str(), "no-store"), ("x-accel-buffering", "no")], sse).into_response()
}
