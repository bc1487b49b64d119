//! One job, followed live: its lines as they come, until it has ended.

mod api;
mod ops;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use types::{Error, Result};

pub(crate) use api::routes;

/// Streams that may be open on one node.
const MOST: usize = 500;
/// Seconds after which it is worth asking again.
const ASK_AGAIN: u64 = 15;

/// Places for streams; one is given back when its stream is dropped.
pub(crate) struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

impl Places {
    fn take(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_| {
            Error::unavailable("streams_full", "Too many streams are open here. Try again shortly.")
                .retry_after(ASK_AGAIN)
        })
    }
}
