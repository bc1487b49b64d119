//! Servers that answer as a test says, and canaries that nobody may reach. They end with the runtime of their test.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What stands for an address outside: tests allow it by a setting, while its neighbour 127.0.0.1 stays inside.
pub const OUTSIDE: &str = "127.0.0.2";

/// Counts every connection that comes in, on every address of this machine.
pub struct Canary {
    pub port: u16,
    touched: Arc<AtomicUsize>,
}

impl Canary {
    pub async fn listen() -> Self {
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(both) => both,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.expect("a port"),
        };
        Self::on(listener)
    }

    /// Beside an upstream on the same port, one address further down.
    pub async fn beside(upstream: &Upstream) -> Self {
        Self::on(TcpListener::bind(("127.0.0.1", upstream.address.port())).await.expect("the same port"))
    }

    fn on(listener: TcpListener) -> Self {
        let (port, touched) = (listener.local_addr().expect("bound").port(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&touched);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(&reply(200, "", "a secret of the inside")).await;
            }
        });
        Self { port, touched }
    }

    pub async fn touched(&self) -> usize {
        // What was connected may not have been accepted yet.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.touched.load(Ordering::SeqCst)
    }
}

/// A server on 127.0.0.2 that keeps the requests it was sent.
pub struct Upstream {
    pub address: SocketAddr,
    most: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    /// Answers every request with what `says` makes of it.
    pub async fn says(says: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::does(move |mut stream, request| {
            let answer = says(&request);
            async move {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// Does what it likes with a connection once the request is read.
    pub async fn does<F, D>(does: F) -> Self
    where
        F: Fn(TcpStream, String) -> D + Send + Sync + 'static,
        D: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind((OUTSIDE, 0)).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let (seen, most) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (kept, peak, does, open) =
            (Arc::clone(&seen), Arc::clone(&most), Arc::new(does), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, peak, does, open) =
                    (Arc::clone(&kept), Arc::clone(&peak), Arc::clone(&does), Arc::clone(&open));
                tokio::spawn(async move {
                    peak.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let request = read(&mut stream).await;
                    kept.lock().expect("nobody panicked").push(request.clone());
                    does(stream, request).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, most, seen }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections were open at the same moment.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    /// The requests, whole, in the order in which they came.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("nobody panicked").clone()
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let whole = String::from_utf8_lossy(&text);
        if let Some((head, body)) = whole.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0_usize) {
                return whole.into_owned();
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&text).into_owned(),
            Ok(read) => text.extend_from_slice(&buffer[..read]),
        }
    }
}

/// An answer with its length; `headers` ends each of its lines with CRLF.
pub fn reply(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
