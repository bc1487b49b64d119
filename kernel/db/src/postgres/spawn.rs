//! The only place of this crate that starts tasks. A write outlives its caller; `close` waits for it.

use std::future::Future;

use tokio::task::JoinHandle;

#[expect(
    clippy::disallowed_methods,
    reason = "a write is awaited by Db::close, whatever becomes of its caller"
)]
pub(super) fn start<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(work)
}
