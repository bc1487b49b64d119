//! A stream of which no more is read than the answers of a conversation need.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A server that says more than this in one conversation means us no good. Small, because lettre reads an answer of
/// several lines from its beginning with every line that comes.
const MOST: usize = 16 * 1024;

pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin + Debug {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin + Debug> Wire for S {}

#[derive(Debug)]
pub(super) struct Bounded {
    wire: Box<dyn Wire>,
    /// What is read before anything of the wire.
    first: Vec<u8>,
    left: usize,
}

impl Bounded {
    pub(super) fn new(wire: Box<dyn Wire>, first: Vec<u8>) -> Self {
        Self { wire, first, left: MOST }
    }
}

impl AsyncRead for Bounded {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if !me.first.is_empty() {
            let some = me.first.len().min(into.remaining());
            into.put_slice(&me.first[..some]);
            me.first.drain(..some);
            return Poll::Ready(Ok(()));
        }
        if me.left == 0 {
            return Poll::Ready(Err(io::Error::other("its answers are too long")));
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut *me.wire).poll_read(cx, into))?;
        me.left = me.left.saturating_sub(into.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.get_mut().wire).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().wire).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().wire).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Bounded {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}
