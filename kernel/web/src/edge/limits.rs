//! How much one request may take: time until its response begins, bytes of its body. A route may change both.
//!
//! Refuses to enforce anything: `pipeline` keeps the time, `body` the bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::Extensions;

const NEVER: u64 = u64::MAX;

/// Shared between a request and the edge. A handler that needs more takes it from the request's extensions:
/// `Limits::of(request.extensions())`.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    deadline_ms: AtomicU64,
    body_bytes: AtomicU64,
    stall_ms: u64,
    exceeded: AtomicBool,
    stalled: AtomicBool,
}

impl Limits {
    pub(super) fn new(deadline: Duration, body_bytes: u64, stall: Duration) -> Self {
        Self(Arc::new(Inner {
            deadline_ms: AtomicU64::new(millis(deadline)),
            body_bytes: AtomicU64::new(body_bytes),
            stall_ms: millis(stall),
            exceeded: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
        }))
    }

    /// The limits of this request; without an edge around it, limits that nobody enforces.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_else(|| Self::new(Duration::MAX, NEVER, Duration::MAX))
    }

    /// The response may begin whenever it likes: uploads, long polls.
    pub fn lift_deadline(&self) {
        self.0.deadline_ms.store(NEVER, Ordering::Relaxed);
    }

    /// The response must begin this long after the request did.
    pub fn set_deadline(&self, deadline: Duration) {
        self.0.deadline_ms.store(millis(deadline), Ordering::Relaxed);
    }

    /// The body may have so many bytes. Takes effect as long as the body has not been read.
    pub fn set_body(&self, bytes: u64) {
        self.0.body_bytes.store(bytes, Ordering::Relaxed);
    }

    pub fn body_bytes(&self) -> u64 {
        self.0.body_bytes.load(Ordering::Relaxed)
    }

    /// `None` when there is no deadline.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let ms = self.0.deadline_ms.load(Ordering::Relaxed);
        (ms != NEVER).then(|| Duration::from_millis(ms))
    }

    pub(super) fn stall(&self) -> Duration {
        // A year stands for ever: a timer cannot hold more.
        Duration::from_millis(self.0.stall_ms.min(31_536_000_000))
    }

    pub(super) fn note_exceeded(&self) {
        self.0.exceeded.store(true, Ordering::Relaxed);
    }

    pub(super) fn note_stalled(&self) {
        self.0.stalled.store(true, Ordering::Relaxed);
    }

    pub(super) fn exceeded(&self) -> bool {
        self.0.exceeded.load(Ordering::Relaxed)
    }

    pub(super) fn stalled(&self) -> bool {
        self.0.stalled.load(Ordering::Relaxed)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(NEVER)
}
