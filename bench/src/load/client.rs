//! 64 connections on one thread, kept alive.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::{Latencies, arrivals};
use crate::process;

pub const CLIENTS: usize = 64;
/// What is not counted at the beginning of a closed run.
const WARM: Duration = Duration::from_millis(500);
/// A backlog this long at the end of an open run means that the rate was too high.
const BEHIND: f64 = 250.0;

/// Makes the request of a client; the number is never the same twice in one process.
pub type Request = Arc<dyn Fn(usize, u64) -> http::Request<Full<Bytes>>>;

/// What a client keeps of an answer for its next request.
pub type Learn = Arc<dyn Fn(usize, &Bytes)>;

pub struct Closed {
    pub rate: f64,
    pub latencies: Latencies,
    /// Of the target, in microseconds a request.
    pub cpu: f64,
}

pub struct Open {
    pub rate: f64,
    pub latencies: Latencies,
    pub sustained: bool,
}

#[derive(Default)]
struct Tally {
    latencies: Latencies,
    late: Latencies,
    refused: u64,
    first: Option<String>,
}

impl Tally {
    fn refuse(&mut self, status: u16, body: &Bytes) {
        self.refused += 1;
        self.first.get_or_insert_with(|| format!("{status}: {}", String::from_utf8_lossy(body)));
    }
}

type Connection = SendRequest<Full<Bytes>>;

async fn connect(to: SocketAddr) -> Connection {
    let stream = TcpStream::connect(to).await.expect("the target listens");
    stream.set_nodelay(true).expect("a socket takes nodelay");
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::task::spawn_local(async move {
        let _ = connection.await;
    });
    sender
}

async fn send(
    connection: &mut Connection,
    request: http::Request<Full<Bytes>>,
) -> Result<(u16, Bytes), hyper::Error> {
    connection.ready().await?;
    let reply = connection.send_request(request).await?;
    let status = reply.status().as_u16();
    Ok((status, reply.into_body().collect().await?.to_bytes()))
}

/// The next number for a request: keys made of it are new.
fn number() -> u64 {
    thread_local!(static NEXT: RefCell<u64> = const { RefCell::new(0) });
    NEXT.with_borrow_mut(|next| {
        *next += 1;
        *next
    })
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, work)
}

/// One request on a connection of its own.
pub fn ask(to: SocketAddr, request: http::Request<Full<Bytes>>) -> (u16, Bytes) {
    run(async { send(&mut connect(to).await, request).await.expect("an answer") })
}

/// The most it does for 64 clients of which each waits for its answer.
pub fn closed(to: SocketAddr, request: &Request, span: Duration, pids: &[u32]) -> Closed {
    let forget: Learn = Arc::new(|_, _| {});
    chained(to, request, &forget, span, pids)
}

/// The same, where each request is made of the answer before.
pub fn chained(to: SocketAddr, request: &Request, learn: &Learn, span: Duration, pids: &[u32]) -> Closed {
    run(async {
        let tally = Rc::new(RefCell::new(Tally::default()));
        let from = Instant::now() + WARM;
        let until = from + span;
        let mut clients = Vec::new();
        for client in 0..CLIENTS {
            let (tally, request, learn) = (Rc::clone(&tally), Arc::clone(request), Arc::clone(learn));
            let mut connection = connect(to).await;
            clients.push(tokio::task::spawn_local(async move {
                loop {
                    let began = Instant::now();
                    if began >= until {
                        return;
                    }
                    let outcome = send(&mut connection, request(client, number())).await;
                    if let Ok((200 | 201, body)) = &outcome {
                        learn(client, body);
                    }
                    let mut tally = tally.borrow_mut();
                    match outcome {
                        Ok((200 | 201, _)) if began >= from && Instant::now() <= until => {
                            tally.latencies.add(began.elapsed())
                        }
                        Ok((200 | 201, _)) => {}
                        Ok((status, body)) => tally.refuse(status, &body),
                        Err(error) => panic!("the target hung up: {error}"),
                    }
                }
            }));
        }
        tokio::time::sleep_until(from.into()).await;
        let before = process::cpu(pids);
        tokio::time::sleep_until(until.into()).await;
        let spent = process::cpu(pids).saturating_sub(before);
        for client in clients {
            client.await.expect("a client");
        }
        let tally = tally.take();
        warn(&tally);
        let count = tally.latencies.count() as f64;
        Closed {
            rate: count / span.as_secs_f64(),
            latencies: tally.latencies.sorted(),
            cpu: spent.as_secs_f64() * 1e6 / count,
        }
    })
}

/// Requests that come at this rate, whatever the target does with them.
pub fn open(to: SocketAddr, request: &Request, rate: f64, span: Duration) -> Open {
    run(async {
        let (sender, due) = flume::unbounded();
        let tally = Rc::new(RefCell::new(Tally::default()));
        let mut connections = Vec::new();
        for _ in 0..CLIENTS {
            connections.push(connect(to).await);
        }
        let began = Instant::now();
        let (late, end) = (began + span * 3 / 4, began + span + Duration::from_secs(1));
        let arrivals = arrivals::start(rate, span, sender);
        let clients = connections.into_iter().enumerate().map(|(client, mut connection)| {
            let (tally, request, due) = (Rc::clone(&tally), Arc::clone(request), due.clone());
            tokio::task::spawn_local(async move {
                while let Ok(intended) = due.recv_async().await {
                    if Instant::now() > end {
                        // Never sent: it waited at least so long.
                        tally.borrow_mut().late.add(intended.elapsed());
                        continue;
                    }
                    let outcome = send(&mut connection, request(client, number())).await;
                    let (mut tally, took) = (tally.borrow_mut(), intended.elapsed());
                    match outcome {
                        Ok((200 | 201, _)) => tally.latencies.add(took),
                        Ok((status, body)) => tally.refuse(status, &body),
                        Err(error) => panic!("the target hung up: {error}"),
                    }
                    if intended >= late {
                        tally.late.add(took);
                    }
                }
            })
        });
        let clients: Vec<_> = clients.collect();
        drop(due);
        for client in clients {
            client.await.expect("a client");
        }
        arrivals.join().expect("the clock");
        let tally = tally.take();
        warn(&tally);
        let behind = tally.late.sorted().quantile(0.5);
        Open { rate, sustained: tally.refused == 0 && behind < BEHIND, latencies: tally.latencies.sorted() }
    })
}

fn warn(tally: &Tally) {
    if let Some(first) = &tally.first {
        eprintln!("  {} refused, the first with {first}", tally.refused);
    }
}
