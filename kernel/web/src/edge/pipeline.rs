//! The order in which everything around a handler happens. Read [`Edge::handle`] from top to bottom.
//!
//! Owns the order and the swap of routers: one listener serves the early router, then the whole one.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use tokio::time::{Instant, sleep_until};
use tower::Service;
use tracing::Instrument;
use types::{Error, Kind};

use super::alias::Outcome;
use super::figures::Figures;
use super::framing::{self, Refusal};
use super::limits::Limits;
use super::measure::{Watch, note_route};
use super::{Options, body, caching, client, cors, ids, render, security};
use crate::problem::Problem;

/// A router with the edge around it. Clones share both; a request in flight keeps the router it began with.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    router: ArcSwap<Router>,
    options: ArcSwap<Options>,
    figures: Arc<Figures>,
}

impl Edge {
    pub fn new(options: Options, router: Router) -> Self {
        Self(Arc::new(Inner {
            router: ArcSwap::from_pointee(noted(router)),
            options: ArcSwap::from_pointee(options),
            figures: Arc::default(),
        }))
    }

    /// From now on requests go to this router.
    pub fn swap(&self, router: Router) {
        self.0.router.store(Arc::new(noted(router)));
    }

    pub fn options(&self) -> Arc<Options> {
        self.0.options.load_full()
    }

    /// From now on requests are held to these options.
    pub fn set_options(&self, options: Options) {
        self.0.options.store(Arc::new(options));
    }

    /// One request, from the first look at it to the headers of its response.
    pub async fn handle(self, mut request: Request<Body>) -> Response {
        let options = self.options();
        let caller = client::of(
            request.extensions(),
            request.headers(),
            &options.trusted_proxies,
            options.forwarded_header,
        );
        let trace = ids::of(request.headers(), &options.clock, caller);
        request.extensions_mut().insert(trace.clone());
        request.extensions_mut().insert(caller);
        let watch = Watch::begin(&mut request, &trace, caller, &self.0.figures);
        let origin = cors::allowed(request.headers(), &options.cors_origins).cloned();

        let mut response = self.answer(&options, request, watch.started()).instrument(watch.span()).await;

        watch.span().in_scope(|| render::finish(&mut response, &trace));
        let status = response.status();
        let headers = response.headers_mut();
        security::apply(headers, options.public_url.starts_with("https://"));
        cors::apply(origin, headers);
        caching::apply(status, headers);
        ids::say(&trace, headers);
        watch.finish(response)
    }

    /// What may refuse, redirect or stop a request, and the router in the middle of it.
    async fn answer(&self, options: &Options, request: Request<Body>, started: Instant) -> Response {
        if let Err(refusal) = framing::check(&request, options.header_bytes, options.header_count) {
            return refuse(refusal);
        }
        if let Some(answer) = cors::preflight(request.method(), request.headers(), &options.cors_origins) {
            return answer.unwrap_or_else(|error| Problem(error).into_response());
        }
        let mut request = match options.aliases.follow(request) {
            Outcome::Untouched(request) => request,
            Outcome::Elsewhere(response) => return response,
        };
        if let Err(error) = body::refuse_encoded(request.headers()) {
            return Problem(error).into_response();
        }
        let limits = Limits::new(options.deadline, options.body_limit, options.body_stall);
        request.extensions_mut().insert(limits.clone());
        let request = body::limit(request, &limits);
        let method = request.method().clone();

        let mut router = Router::clone(&self.0.router.load());
        let response = within(&limits, started, one_request(router.call(request))).await;

        let refused = response.status().is_client_error() || response.status().is_server_error();
        match body::verdict(&limits) {
            Some(error) if refused => Problem(error).into_response(),
            _ => framing::answer_options(&method, response),
        }
    }
}

fn noted(router: Router) -> Router {
    router.layer(from_fn(note_route))
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::HeadersTooLarge(error) => {
            let mut response = Problem(error).into_response();
            *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            response
        }
        Refusal::Other(error) => {
            let everywhere = error.kind() == Kind::MethodNotAllowed;
            let mut response = Problem(error).into_response();
            if everywhere {
                framing::allow_all(&mut response);
            }
            response
        }
    }
}

/// A panic costs the request that made it.
async fn one_request(answer: impl Future<Output = Result<Response, Infallible>>) -> Response {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(Ok(response)) => response,
        Err(panic) => {
            metrics::counter!("http_panics_total").increment(1);
            let said = panic.downcast_ref::<&str>().copied();
            let said =
                said.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
            let said = super::redact::escaped(said.as_bytes(), 1024);
            Problem(Error::internal(format!("a handler panicked: {said}"))).into_response()
        }
    }
}

/// Waits for the response to begin, no longer than the limits say when the time is up.
async fn within(limits: &Limits, started: Instant, answer: impl Future<Output = Response>) -> Response {
    let mut answer = std::pin::pin!(answer);
    loop {
        let Some(span) = limits.deadline() else { return answer.await };
        let Some(end) = started.checked_add(span) else { return answer.await };
        tokio::select! {
            biased;
            response = &mut answer => return response,
            () = sleep_until(end) => {}
        }
        if limits.deadline() == Some(span) {
            let text = format!("The request took longer than {} ms.", span.as_millis());
            let error = Error::new(Kind::Timeout, "deadline", text).with("limit", "deadline");
            return Problem(error.with("limit_ms", u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
                .into_response();
        }
    }
}

impl Service<Request<Body>> for Edge {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let edge = self.clone();
        Box::pin(async move { Ok(edge.handle(request).await) })
    }
}
