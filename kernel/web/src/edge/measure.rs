//! What is written down about every request: its span, its metrics by route template, its access line.
//!
//! Refuses to let callers name things: labels come from a bounded set, text is escaped, values that may be
//! secret are left out.

use std::any::Any;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::MatchedPath;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use telemetry::metrics::{Meaning, counter, gauge, histogram};
use tokio::time::Instant;
use tracing::Span;
use types::Trace;

use super::client::ClientAddr;
use super::figures::Figures;
use super::redact;

const NO_ROUTE: &str = "none";

/// What the numbers of this folder mean.
pub const METRICS: &[Meaning] = &[
    counter("http_requests_total", "Requests answered, by method, route template and status."),
    histogram("http_request_duration_seconds", "Time until a response began, by method and route template."),
    counter("http_4xx_total", "Responses that refused the request, by route template."),
    counter("http_5xx_total", "Responses that failed, by route template."),
    gauge("http_requests_in_flight", "Requests whose response has not been sent to its end."),
    counter("http_panics_total", "Handlers that panicked, each at the cost of its request."),
    counter("http_refusals_total", "Requests refused, by the code of the problem."),
    counter("limiter_refusals_total", "Requests beyond their limit, by tier."),
    counter("csp_reports_total", "What browsers reported, by directive."),
    gauge("http_connections", "Open connections."),
    counter("http_connections_shed_total", "Connections refused because there were too many."),
    gauge("ready", "1 where a dependency answered when last asked, by dependency."),
];

/// Filled in by the router once it knows which route matched.
#[derive(Clone, Default)]
struct RouteSlot(Arc<OnceLock<MatchedPath>>);

/// Kept until the response has been sent: the connection counts by it.
#[derive(Clone)]
pub(super) struct Held(
    #[allow(dead_code, reason = "held for its drop")] pub(super) Arc<dyn Any + Send + Sync>,
);

/// A request that is being watched.
pub(super) struct Watch {
    method: Method,
    path: String,
    query: String,
    client: ClientAddr,
    trace: Trace,
    route: RouteSlot,
    started: Instant,
    span: Span,
    held: Option<Held>,
    figures: Arc<Figures>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.figures.in_flight().decrement(1.0);
    }
}

/// The layer inside the router that tells which route matched.
pub(super) async fn note_route(mut request: Request<Body>, next: Next) -> Response {
    let slot = request.extensions_mut().remove::<RouteSlot>();
    if let (Some(slot), Some(path)) = (slot, request.extensions().get::<MatchedPath>()) {
        Span::current().record("route", path.as_str());
        let _ = slot.0.set(path.clone());
    }
    next.run(request).await
}

impl Watch {
    pub(super) fn begin(
        request: &mut Request<Body>,
        trace: &Trace,
        client: ClientAddr,
        figures: &Arc<Figures>,
    ) -> Self {
        figures.in_flight().increment(1.0);
        let route = RouteSlot::default();
        let extensions = request.extensions_mut();
        extensions.insert(route.clone());
        let held = extensions.remove::<Held>();
        let method = request.method().clone();
        let span = tracing::info_span!(
            "request",
            method = method_label(&method),
            route = tracing::field::Empty,
            request_id = &*trace.request_id,
            trace_id = &*trace.trace_id,
            workspace = tracing::field::Empty,
            actor = tracing::field::Empty,
        );
        Self {
            path: redact::escaped(request.uri().path().as_bytes(), 512),
            query: redact::query(request.uri().query().unwrap_or("")),
            method,
            client,
            trace: trace.clone(),
            route,
            started: Instant::now(),
            span,
            held,
            figures: Arc::clone(figures),
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Counts the response and follows its body to the end.
    pub(super) fn finish(self, response: Response) -> Response {
        let status = response.status();
        let took = self.started.elapsed();
        self.figures.count(method_label(&self.method), self.route(), status, took);
        response.map(|inner| Body::new(Followed { inner, bytes: 0, whole: false, status, took, watch: self }))
    }

    fn route(&self) -> &str {
        self.route.0.get().map_or(NO_ROUTE, MatchedPath::as_str)
    }

    fn write(&self, status: StatusCode, bytes: u64, whole: bool, took: Duration) {
        let total = self.started.elapsed();
        let agent = self.trace.origin.as_ref().map_or("", |origin| &origin.agent);
        self.span.in_scope(|| {
            tracing::info!(
                target: "access",
                request_id = &*self.trace.request_id,
                trace_id = &*self.trace.trace_id,
                method = method_label(&self.method),
                route = self.route(),
                path = self.path,
                query = self.query,
                status = status.as_u16(),
                bytes,
                complete = whole,
                began_ms = took.as_secs_f64() * 1000.0,
                duration_ms = total.as_secs_f64() * 1000.0,
                client = %self.client.0,
                user_agent = agent,
                "request"
            );
        });
    }
}

/// One of the methods there are: a label must not be the caller's word.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

struct Followed {
    inner: Body,
    bytes: u64,
    whole: bool,
    status: StatusCode,
    took: Duration,
    watch: Watch,
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            Poll::Ready(None) => self.whole = true,
            _ => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let whole = self.whole || self.inner.is_end_stream();
        self.watch.write(self.status, self.bytes, whole, self.took);
        self.watch.held = None;
    }
}
