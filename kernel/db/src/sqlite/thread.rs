//! The only place of this crate that starts threads.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use crate::error::{Error, Result};

pub(super) fn start(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    Builder::new().name(name).spawn(work).map_err(|error| Error::Unavailable(Arc::new(error)))
}

/// Runs something long on a thread of its own.
pub(super) async fn aside<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R> {
    let (reply, answer) = oneshot::channel();
    start("db-aside".into(), move || drop(reply.send(work())))?;
    answer.await.map_err(|_| Error::Panicked("on a thread of its own".into()))
}
