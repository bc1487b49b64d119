//! Counts the bytes that arrive until a message is whole: fragments without end never make one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a message may take on the wire, shared with whoever notes that one was whole.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    taken: Arc<AtomicUsize>,
    most: usize,
}

impl Meter {
    pub(super) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    pub(super) fn begin_anew(&self) {
        self.taken.store(0, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > self.most
    }
}

/// The connection underneath.
pub(super) struct Metered<S> {
    pub(super) inner: S,
    pub(super) meter: Meter,
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.meter.taken.fetch_add(buf.filled().len() - before, Ordering::Relaxed);
        if self.meter.is_over() {
            return Poll::Ready(Err(io::Error::other("a message takes more bytes than it may")));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
