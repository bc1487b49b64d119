//! `/health`, `/ready` and `/metrics`: what a supervisor asks.
//!
//! Owns which phase of its life the process is in. `/health` touches nothing; `/metrics` does not exist for
//! those who may not read it.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use parking_lot::RwLock;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use types::Error;

use super::client::{Peer, is_forwarded};
use super::readiness::{Answer, Check, CheckState, Readiness};
use crate::problem::Problem;

/// The phases of a process, and the three addresses that tell them. Clones share everything.
#[derive(Clone)]
pub struct Probes(Arc<Inner>);

struct Inner {
    version: &'static str,
    began: Instant,
    phase: RwLock<Phase>,
    readiness: Readiness,
}

#[derive(Clone)]
enum Phase {
    Starting { stage: String },
    Up { checks: Arc<[Check]> },
    Draining,
}

/// Who may read the metrics where everybody else may ask, too.
#[derive(Clone)]
pub struct MetricsDoor {
    /// `Authorization: Bearer <token>`; beside it only a loopback peer that is no proxy reads.
    pub token: Option<String>,
    /// The text of the recorder.
    pub render: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Probes {
    /// A process that has just begun.
    pub fn new(version: &'static str) -> Self {
        let phase = RwLock::new(Phase::Starting { stage: "config".into() });
        Self(Arc::new(Inner { version, began: Instant::now(), phase, readiness: Readiness::default() }))
    }

    /// The stage that is being waited for.
    pub fn waiting_for(&self, stage: &str) {
        *self.0.phase.write() = Phase::Starting { stage: stage.to_owned() };
    }

    /// Every stage is up; from now on the dependencies are asked.
    pub fn up(&self, checks: Vec<Check>) {
        *self.0.phase.write() = Phase::Up { checks: checks.into() };
    }

    /// Nobody should send anything new.
    pub fn draining(&self) {
        *self.0.phase.write() = Phase::Draining;
    }

    /// `/health` and `/ready`.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (health, ready) = (self.clone(), self.clone());
        Router::new()
            .route("/health", get(async move || health.health()))
            .route("/ready", get(async move || ready.ready().await))
    }

    /// The router until startup is finished: the probes, and 503 `starting` everywhere else.
    pub fn early(&self) -> Router {
        self.routes().fallback(async || {
            Problem(Error::unavailable("starting", "Not everything is up yet.").retry_after(1))
        })
    }

    fn health(&self) -> Response {
        let uptime = self.0.began.elapsed().as_secs();
        Json(json!({ "status": "ok", "version": self.0.version, "uptime_seconds": uptime })).into_response()
    }

    async fn ready(&self) -> Response {
        let phase = self.0.phase.read().clone();
        let (status, body) = match phase {
            Phase::Starting { stage } => {
                (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "starting", "waiting_for": stage }))
            }
            Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "draining" })),
            Phase::Up { checks } => {
                let answers = self.0.readiness.ask(&checks).await;
                let down = answers.iter().any(Answer::missing);
                let less = answers.iter().any(|answer| answer.state == CheckState::Down);
                let status = if down {
                    "down"
                } else if less {
                    "degraded"
                } else {
                    "ok"
                };
                let mut body = Map::new();
                body.insert("status".into(), status.into());
                body.extend(answers.iter().map(|one| (one.name.to_owned(), Value::from(one.state.as_str()))));
                (if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Value::Object(body))
            }
        };
        (status, Json(body)).into_response()
    }
}

impl MetricsDoor {
    /// `/metrics` for a listener that others reach, too.
    pub fn guarded<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new().route(
            "/metrics",
            get(async move |request: Request<Body>| {
                if self.may_read(&request) {
                    self.text()
                } else {
                    Problem(Error::not_found()).into_response()
                }
            }),
        )
    }

    /// `/metrics` for a listener of its own.
    pub fn open<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new().route("/metrics", get(async move || self.text()))
    }

    fn text(&self) -> Response {
        ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (self.render)()).into_response()
    }

    fn may_read(&self, request: &Request<Body>) -> bool {
        let sent =
            request.headers().get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        if let (Some(token), Some(sent)) = (&self.token, sent) {
            return !token.is_empty() && bool::from(token.as_bytes().ct_eq(sent));
        }
        let near =
            request.extensions().get::<Peer>().is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
        near && !is_forwarded(request.headers())
    }
}
