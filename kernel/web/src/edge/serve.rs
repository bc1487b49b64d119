//! The accept loop: takes connections, sheds them when there are too many, survives having no descriptors left,
//! and stops without cutting anybody off.
//!
//! Refuses to know where connections run: it is handed [`Spawn`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::connection::{self, Phase};
use super::io::State;
use super::pipeline::Edge;

/// How connections are spawned: `Arc::new(move |future| group.spawn("connection", future))`.
pub type Spawn = Arc<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;

/// What one connection may take, and how many there are.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// Open at once; beyond, 503 and closed. Keep below the limit of open files.
    pub connections: usize,
    /// From the first byte of a request to the end of its headers, and from connecting to the first request.
    pub head: Duration,
    /// A connection on which nothing is asked.
    pub idle: Duration,
    /// A caller that does not read what it asked for.
    pub write: Duration,
    /// How long after the stop a resting connection is still listened to.
    pub grace: Duration,
    /// How long a connection that was told to close may take.
    pub close: Duration,
    /// From the stop until everything still open is cut.
    pub shutdown: Duration,
    /// Bytes of the read buffer, and so of the longest head that is read at all.
    pub h1_buffer: usize,
    /// Streams open at once on one HTTP/2 connection.
    pub h2_streams: u32,
    /// Streams reset by the caller before they were looked at (rapid reset); beyond, the connection goes.
    pub h2_pending_resets: usize,
    /// Streams reset by us for the caller's errors; beyond, the connection goes.
    pub h2_error_resets: usize,
    /// Bytes of the headers of one HTTP/2 request, CONTINUATION frames included.
    pub h2_header_list: u32,
    /// How often a silent HTTP/2 connection is asked whether it lives.
    pub h2_ping: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            grace: Duration::from_secs(1),
            close: Duration::from_secs(5),
            shutdown: Duration::from_secs(25),
            h1_buffer: 64 * 1024,
            h2_streams: 128,
            h2_pending_resets: 20,
            h2_error_resets: 256,
            h2_header_list: 32 * 1024,
            h2_ping: Duration::from_secs(20),
        }
    }
}

/// How the serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Connections that had to be cut at the deadline.
    pub cut: usize,
}

const SHED: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
    connection: close\r\ncontent-length: 147\r\n\r\n\
    {\"type\":\"/docs/problems/too_many_connections\",\"title\":\"Service Unavailable\",\"status\":503,\
    \"code\":\"too_many_connections\",\"detail\":\"Try again later.\"}";
/// Refusals that are said politely at once; beyond, the connection is just closed.
const POLITE: usize = 64;

/// Serves until `stopping` is ready, then finishes what is in flight.
pub async fn serve(
    listener: TcpListener,
    edge: Edge,
    limits: ConnectionLimits,
    spawn: Spawn,
    stopping: impl Future<Output = ()>,
) -> Served {
    let room = Arc::new(Semaphore::new(limits.connections));
    let (phase, told) = watch::channel(Phase::Serving);
    let door = Door {
        edge,
        builder: Arc::new(connection::builder(&limits, spawn.clone())),
        limits: Arc::new(limits),
        spawn,
        room,
        polite: Arc::new(Semaphore::new(POLITE)),
        told,
    };
    let mut stopping = std::pin::pin!(stopping);
    let mut wait = Duration::ZERO;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stopping => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                wait = Duration::ZERO;
                door.admit(stream, peer);
            }
            Err(error) if is_callers(&error) => {}
            Err(error) => {
                // Out of descriptors or memory: those that are open go on, and some of them will close.
                wait = (wait * 2).clamp(Duration::from_millis(10), Duration::from_secs(1));
                if wait < Duration::from_millis(20) {
                    tracing::warn!(%error, "no more connections can be accepted for now");
                }
                tokio::select! {
                    () = &mut stopping => break,
                    () = sleep(wait) => {}
                }
            }
        }
    }
    let _ = phase.send(Phase::Stopping);
    // The kernel has accepted these for us; closing the listener would reset them.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        door.admit(stream, peer);
    }
    drop(listener);
    door.finish(&phase).await
}

struct Door {
    edge: Edge,
    builder: Arc<hyper_util::server::conn::auto::Builder<connection::Executor>>,
    limits: Arc<ConnectionLimits>,
    spawn: Spawn,
    room: Arc<Semaphore>,
    polite: Arc<Semaphore>,
    told: watch::Receiver<Phase>,
}

impl Door {
    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            return self.shed(stream);
        };
        let state = State::new(permit);
        let (edge, builder) = (self.edge.clone(), Arc::clone(&self.builder));
        let (limits, told) = (Arc::clone(&self.limits), self.told.clone());
        (self.spawn)(Box::pin(connection::run(stream, peer, state, edge, builder, limits, told)));
    }

    /// Says that there is no room, and costs next to nothing.
    fn shed(&self, mut stream: TcpStream) {
        metrics::counter!("http_connections_shed_total").increment(1);
        let Ok(permit) = Arc::clone(&self.polite).try_acquire_owned() else { return };
        (self.spawn)(Box::pin(async move {
            let said = async {
                stream.write_all(SHED).await?;
                stream.shutdown().await?;
                // Read what was asked, so that closing does not reset what we said.
                let mut waste = [0_u8; 1024];
                while stream.read(&mut waste).await? > 0 {}
                io::Result::Ok(())
            };
            let _ = timeout(Duration::from_millis(500), said).await;
            drop(permit);
        }));
    }

    /// Waits for every connection, and cuts what is left at the deadline.
    async fn finish(self, phase: &watch::Sender<Phase>) -> Served {
        let all = u32::try_from(self.limits.connections).unwrap_or(u32::MAX);
        if timeout(self.limits.shutdown, self.room.acquire_many(all)).await.is_ok() {
            return Served { cut: 0 };
        }
        let cut = self.limits.connections - self.room.available_permits();
        tracing::warn!(connections = cut, "connections were cut at the deadline of the shutdown");
        let _ = phase.send(Phase::Cut);
        let _ = timeout(Duration::from_secs(1), self.room.acquire_many(all)).await;
        Served { cut }
    }
}

/// A caller that changed its mind before we looked.
fn is_callers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_refusal_of_a_full_house_is_as_long_as_it_says() {
        let text = std::str::from_utf8(super::SHED).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
        serde_json::from_str::<serde_json::Value>(body).unwrap();
    }
}
