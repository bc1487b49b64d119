//! Connections that are kept: one pool for writes and one for reads, so that neither starves the other.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime, TimeoutType,
    Timeouts,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::url::Server;
use super::{Link, error};
use crate::Options;
use crate::error::{Error, Result};
use crate::meter;

/// How often a connection is made that is cut off while it is made.
const MAKINGS: u32 = 3;

pub(super) struct Pool {
    name: &'static str,
    inner: deadpool_postgres::Pool,
    /// Those who have a connection and those who may wait for one.
    seats: Arc<Semaphore>,
    all_seats: usize,
    connect_timeout: Duration,
}

impl Pool {
    pub(super) fn new(server: &Server, options: &Options, name: &'static str, size: usize) -> Result<Self> {
        let manager = Manager::from_config(
            server.config.clone(),
            server.tls.clone(),
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let timeout = options.statement_timeout.as_millis();
        let session: Arc<str> = format!(
            "SET statement_timeout = {timeout}; SET idle_in_transaction_session_timeout = {timeout}; \
             SET default_transaction_read_only = {}",
            if name == "read" { "on" } else { "off" }
        )
        .into();
        let prepare = Hook::async_fn(move |connection: &mut deadpool_postgres::ClientWrapper, _| {
            let session = Arc::clone(&session);
            Box::pin(async move { connection.batch_execute(&session).await.map_err(HookError::Backend) })
        });
        let inner = deadpool_postgres::Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .post_create(prepare)
            .build()
            .map_err(|failure| Error::Options(failure.to_string()))?;
        let all_seats = size + options.queue;
        let seats = Arc::new(Semaphore::new(all_seats));
        Ok(Self { name, inner, seats, all_seats, connect_timeout: options.connect_timeout })
    }

    /// A place in the queue, or a refusal at once.
    pub(super) fn seat(&self) -> Result<OwnedSemaphorePermit> {
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| Error::Overloaded)?;
        let status = self.inner.status();
        meter::POSTGRES.pool(self.name, status.size, status.available);
        let taken = self.all_seats - self.seats.available_permits();
        meter::POSTGRES.waiting(self.name, taken.saturating_sub(status.max_size));
        Ok(seat)
    }

    /// A connection, as soon as one is free.
    pub(super) async fn link(&self, until: Instant) -> Result<Link> {
        self.object(until).await.map(Link::new)
    }

    /// A connection that was seen to be alive: for those who just lost one.
    pub(super) async fn checked(&self, until: Instant) -> Result<Link> {
        loop {
            let object = self.object(until).await?;
            match tokio::time::timeout_at(until, object.check_connection()).await {
                Ok(Ok(())) => return Ok(Link::new(object)),
                Ok(Err(_)) => drop(Object::take(object)),
                Err(_) => {
                    drop(Object::take(object));
                    return Err(Error::Deadline);
                }
            }
        }
    }

    async fn object(&self, until: Instant) -> Result<Object> {
        let mut makings = 1;
        loop {
            match self.take(until).await {
                Err(PoolError::Backend(failure) | PoolError::PostCreateHook(HookError::Backend(failure))) => {
                    if makings == MAKINGS || !error::cut_off(&failure) {
                        return Err(error::unreachable(failure));
                    }
                    makings += 1;
                }
                Err(PoolError::Timeout(TimeoutType::Wait)) => return Err(Error::Deadline),
                Err(PoolError::Closed) => return Err(Error::Closed),
                Err(other) => return Err(Error::Unavailable(Arc::new(other))),
                Ok(object) => return Ok(object),
            }
        }
    }

    async fn take(&self, until: Instant) -> Result<Object, PoolError> {
        let left = until.saturating_duration_since(Instant::now());
        let timeouts = Timeouts {
            wait: Some(left),
            create: Some(left.min(self.connect_timeout)),
            recycle: Some(Duration::from_secs(1)),
        };
        self.inner.timeout_get(&timeouts).await
    }

    pub(super) fn close(&self) {
        self.inner.close();
    }
}
