//! A socket that knows how long it has been waiting, and that closes without cutting off what it said.
//!
//! Refuses to know HTTP: `connection` decides what a wait means.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};

/// How long a closed connection is still listened to.
const LINGER: Duration = Duration::from_secs(1);

/// What the parts of one connection tell each other. Times are milliseconds since it began, plus one; 0 is
/// "not now".
pub(super) struct State {
    pub(super) began: Instant,
    /// Requests whose response has not been sent to its end.
    pub(super) active: AtomicUsize,
    pub(super) requests: AtomicU64,
    pub(super) is_h2: AtomicBool,
    pub(super) closing: AtomicBool,
    /// Since when the head of a request has been arriving.
    head_since: AtomicU64,
    write_since: AtomicU64,
    rest_since: AtomicU64,
    _permit: OwnedSemaphorePermit,
}

impl State {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Arc<Self> {
        metrics::gauge!("http_connections").increment(1.0);
        Arc::new(Self {
            began: Instant::now(),
            active: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            is_h2: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            head_since: AtomicU64::new(0),
            write_since: AtomicU64::new(0),
            rest_since: AtomicU64::new(0),
            _permit: permit,
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    fn at(&self, mark: &AtomicU64) -> Option<Instant> {
        match mark.load(Ordering::Relaxed) {
            0 => None,
            ms => Some(self.began + Duration::from_millis(ms - 1)),
        }
    }

    pub(super) fn head_since(&self) -> Option<Instant> {
        self.at(&self.head_since)
    }

    pub(super) fn write_since(&self) -> Option<Instant> {
        self.at(&self.write_since)
    }

    /// Since when nothing has been going on.
    pub(super) fn rest_since(&self) -> Instant {
        self.at(&self.rest_since).unwrap_or(self.began)
    }

    pub(super) fn request_began(&self) {
        self.active.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
    }

    pub(super) fn request_ended(&self) {
        self.rest_since.store(self.now(), Ordering::Relaxed);
        self.active.fetch_sub(1, Ordering::Relaxed);
    }

    fn read_some(&self) {
        if self.active.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    fn wrote<T>(&self, outcome: &Poll<T>) {
        let waiting = self.write_since.load(Ordering::Relaxed) != 0;
        match outcome {
            Poll::Pending if !waiting => self.write_since.store(self.now(), Ordering::Relaxed),
            Poll::Ready(_) if waiting => self.write_since.store(0, Ordering::Relaxed),
            _ => {}
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        metrics::gauge!("http_connections").decrement(1.0);
    }
}

/// The socket of one connection.
pub(super) struct Watched {
    stream: TcpStream,
    state: Arc<State>,
    linger: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, state: Arc<State>) -> Self {
        Self { stream, state, linger: None }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.state.read_some();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.state.wrote(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.state.wrote(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Says that nothing more comes, then reads on for a moment: closing with unread bytes would reset the
    /// connection, and a reset throws away the answer that the caller has not read yet.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.linger = Some(Box::pin(sleep(LINGER)));
        }
        let mut waste = [0_u8; 8 * 1024];
        for _ in 0..32 {
            let mut buf = ReadBuf::new(&mut waste);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return linger_over(this, cx),
            }
        }
        // There is always more: let others run, and come back unless the time is over.
        cx.waker().wake_by_ref();
        linger_over(this, cx)
    }
}

fn linger_over(this: &mut Watched, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    match &mut this.linger {
        Some(timer) => timer.as_mut().poll(cx).map(Ok),
        None => Poll::Ready(Ok(())),
    }
}
