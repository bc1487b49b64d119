//! Servers that answer as a test says, canaries that nobody may reach, and names that lead where a test wants.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use config::Settings;
use futures_util::future::BoxFuture;
use outbound::{Outbound, Resolve};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use types::{Clock, Time};

/// What stands for a public address: allowed by the settings, while its neighbour 127.0.0.1 is not.
pub(crate) const PUBLIC: &str = "127.0.0.2";
pub(crate) const NOW: Time = Time::from_millis(1_780_000_000_000);

/// An `Outbound` that may reach 127.0.0.2, with settings on top and names of the test's own.
pub(crate) fn outbound(settings: &str, names: &Arc<Names>) -> Outbound {
    let text = format!("[outbound]\nallow = [\"127.0.0.2/32\"]\n{settings}\n");
    let settings = Settings::of_text(config::sections::KERNEL, &text).expect("settings of a test");
    let names: Arc<dyn Resolve> = Arc::clone(names) as _;
    Outbound::with_resolver(&settings, Clock::standing(NOW), names).expect("an outbound")
}

/// Names with the answers they give, one after another; the last one stays. Other names are looked up for real.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>);

impl Names {
    pub(crate) fn new(names: &[(&str, &[&str])]) -> Arc<Self> {
        let all = Self::default();
        for (name, addresses) in names {
            let one = addresses.iter().map(|text| text.parse().expect("an address")).collect();
            all.0.lock().entry((*name).to_owned()).or_default().push_back(one);
        }
        Arc::new(all)
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let known = self.0.lock().get_mut(name).and_then(|answers| {
            if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
        });
        Box::pin(async move {
            if let Some(known) = known {
                return Ok(known);
            }
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// Counts every connection that comes in, on every address of this machine.
pub(crate) struct Canary {
    pub(crate) port: u16,
    touched: Arc<AtomicUsize>,
}

impl Canary {
    pub(crate) async fn listen() -> Self {
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(both) => both,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.expect("a port"),
        };
        Self::on(listener)
    }

    /// Beside an upstream on the same port, one address further down.
    pub(crate) async fn beside(upstream: &Upstream) -> Self {
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

    pub(crate) async fn touched(&self) -> usize {
        // What was connected may not have been accepted yet.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.touched.load(Ordering::SeqCst)
    }
}

/// A server on 127.0.0.2 that keeps the requests it was sent.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) most: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    /// Answers every request with what `says` makes of it.
    pub(crate) async fn says(says: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
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
    pub(crate) async fn does<F, D>(does: F) -> Self
    where
        F: Fn(TcpStream, String) -> D + Send + Sync + 'static,
        D: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind((PUBLIC, 0)).await.expect("a port");
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
                    kept.lock().push(request.clone());
                    does(stream, request).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, most, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().clone()
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
pub(crate) fn reply(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
