//! One connection from its first byte to its close: HTTP/1 or HTTP/2, and every wait bounded.
//!
//! Refuses to know what is asked: each request goes to the [`Edge`].

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::client::Peer;
use super::io::{State, Watched};
use super::measure::Held;
use super::pipeline::Edge;
use super::serve::{ConnectionLimits, Spawn};

/// What a connection is told while the listener goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Serving,
    /// Finish what is in flight, take nothing new.
    Stopping,
    /// The deadline has passed.
    Cut,
}

/// hyper spawns the streams of HTTP/2 through this, so that they too belong to the group.
#[derive(Clone)]
pub(super) struct Executor(pub(super) Spawn);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Executor {
    fn execute(&self, future: F) {
        (self.0)(Box::pin(future));
    }
}

/// The parser, bounded.
pub(super) fn builder(limits: &ConnectionLimits, spawn: Spawn) -> auto::Builder<Executor> {
    let mut builder = auto::Builder::new(Executor(spawn));
    builder
        .http1()
        .timer(TokioTimer::new())
        // hyper's timer also runs while a kept-alive connection rests; slow heads are ours to notice.
        .header_read_timeout(limits.idle)
        .max_buf_size(limits.h1_buffer)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.h2_streams)
        .max_pending_accept_reset_streams(limits.h2_pending_resets)
        .max_local_error_reset_streams(limits.h2_error_resets)
        .max_header_list_size(limits.h2_header_list)
        .initial_stream_window_size(256 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(limits.h2_ping)
        .keep_alive_timeout(limits.h2_ping);
    builder
}

struct Active(Arc<State>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.request_ended();
    }
}

struct Requests {
    edge: Edge,
    state: Arc<State>,
    peer: Peer,
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.state.request_began();
        let active = Arc::new(Active(Arc::clone(&self.state)));
        let old = request.version() < Version::HTTP_2;
        self.state.is_h2.store(!old, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(Held(active.clone()));
        let (edge, state) = (self.edge.clone(), Arc::clone(&self.state));
        Box::pin(async move {
            let mut response = edge.handle(request).await;
            if old && state.closing.load(Ordering::Relaxed) {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            drop(active);
            Ok(response)
        })
    }
}

enum Due {
    Close,
    Cut,
}

/// Serves one connection until it is closed, has waited too long, or is cut.
pub(super) async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    state: Arc<State>,
    edge: Edge,
    builder: Arc<auto::Builder<Executor>>,
    limits: Arc<ConnectionLimits>,
    mut phase: watch::Receiver<Phase>,
) {
    let _ = stream.set_nodelay(true);
    let service = Requests { edge, state: Arc::clone(&state), peer: Peer(peer) };
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&state)));
    let mut connection = std::pin::pin!(builder.serve_connection_with_upgrades(io, service));
    let told = OnceLock::new();
    let mut cut = std::pin::pin!(async {
        let _ = phase.wait_for(|phase| *phase >= Phase::Stopping).await;
        state.closing.store(true, Ordering::Relaxed);
        let _ = told.set(Instant::now());
        let _ = phase.wait_for(|phase| *phase == Phase::Cut).await;
    });
    let mut timer = std::pin::pin!(sleep_until(state.began + limits.head));
    let mut closed: Option<Instant> = None;
    poll_fn(|cx| {
        if connection.as_mut().poll(cx).is_ready() || cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        while let Some((at, due)) = next(&state, &limits, told.get().copied(), closed) {
            // Each request moves the moment on; the timer is not told before it went off for the earlier one.
            if at < timer.deadline() {
                timer.as_mut().reset(at);
            }
            if timer.as_mut().poll(cx).is_pending() {
                break;
            }
            if at > Instant::now() {
                timer.as_mut().reset(at);
                continue;
            }
            match due {
                Due::Cut => return Poll::Ready(()),
                Due::Close => {
                    closed = Some(Instant::now());
                    connection.as_mut().graceful_shutdown();
                    cx.waker().wake_by_ref();
                }
            }
        }
        Poll::Pending
    })
    .await;
}

/// The next moment at which a wait has been too long, and what follows.
fn next(
    state: &State,
    limits: &ConnectionLimits,
    told: Option<Instant>,
    closed: Option<Instant>,
) -> Option<(Instant, Due)> {
    let h2 = state.is_h2.load(Ordering::Relaxed);
    let resting = state.active.load(Ordering::Relaxed) == 0;
    let fresh = state.requests.load(Ordering::Relaxed) == 0;
    let mut all: [Option<(Instant, Due)>; 4] = [const { None }; 4];
    if let Some(since) = state.write_since() {
        all[0] = Some((since + limits.write, Due::Cut));
    }
    if let (Some(told), None) = (told, closed) {
        // HTTP/2 can say what it will still answer; in HTTP/1 a request may be on its way to a resting
        // connection, so that one is listened to for a moment longer.
        let grace = if h2 { Duration::ZERO } else { limits.grace };
        all[1] = Some((told + grace, Due::Close));
    }
    if resting {
        all[2] = match (closed, state.head_since()) {
            (Some(closed), _) => Some((closed + limits.close, Due::Cut)),
            (None, _) if fresh => Some((state.began + limits.head, Due::Cut)),
            (None, Some(since)) if !h2 => Some((since + limits.head, Due::Cut)),
            _ => Some((state.rest_since() + limits.idle, Due::Close)),
        };
    }
    all.into_iter().flatten().min_by_key(|(at, _)| *at)
}
