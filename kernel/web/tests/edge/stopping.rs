//! P20 at the listener: whoever was let in is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use web::edge::{ConnectionLimits, Options, Served};

use crate::house::{Answer, House, read_all};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p20_a_stop_under_load_answers_everybody_it_let_in() {
    let limits = ConnectionLimits { grace: Duration::from_millis(500), ..ConnectionLimits::default() };
    let mut house = House::with(Options::default(), limits).await;
    let (addr, done) = (house.addr, Arc::new(AtomicBool::new(false)));
    let (answered, broken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..32)
        .map(|n| {
            let (done, answered, broken) = (Arc::clone(&done), Arc::clone(&answered), Arc::clone(&broken));
            tokio::spawn(async move {
                let path = if n % 4 == 0 { "/slow/200" } else { "/" };
                while !done.load(Ordering::SeqCst) {
                    // Refused is fine: a balancer goes elsewhere. Let in and not answered is not.
                    let Ok(mut stream) = TcpStream::connect(addr).await else { break };
                    // A third keeps the connection as long as the server does.
                    loop {
                        let keep = n % 3 == 0;
                        let close = if keep { "" } else { "Connection: close\r\n" };
                        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{close}\r\n");
                        let sent = stream.write_all(request.as_bytes()).await;
                        let mut head = [0_u8; 4096];
                        match (sent, timeout(Duration::from_secs(5), stream.read(&mut head)).await) {
                            (Ok(()), Ok(Ok(n))) if head[..n].starts_with(b"HTTP/1.1 200") => {
                                answered.fetch_add(1, Ordering::SeqCst);
                                let told = String::from_utf8_lossy(&head[..n])
                                    .to_lowercase()
                                    .contains("connection: close");
                                if !keep || told {
                                    break;
                                }
                            }
                            _ => {
                                broken.fetch_add(1, Ordering::SeqCst);
                                break;
                            }
                        }
                    }
                }
            })
        })
        .collect();
    sleep(Duration::from_millis(400)).await;
    house.begin_stop();
    let began = Instant::now();
    assert_eq!(house.ended().await, Served { cut: 0 });
    done.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(answered.load(Ordering::SeqCst) > 100);
    assert_eq!(broken.load(Ordering::SeqCst), 0, "of {}", answered.load(Ordering::SeqCst));
}

#[tokio::test]
async fn p20_a_connection_that_was_let_in_may_still_ask_once() {
    let limits = ConnectionLimits { grace: Duration::from_millis(400), ..ConnectionLimits::default() };
    let mut house = House::with(Options::default(), limits).await;
    let mut stream = house.connect().await;
    sleep(Duration::from_millis(50)).await;
    house.begin_stop();
    sleep(Duration::from_millis(100)).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let answer = Answer::read(&read_all(&mut stream, Duration::from_secs(3)).await);
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "{answer:?}");
    assert_eq!(house.ended().await, Served { cut: 0 });
}

#[tokio::test]
async fn p20_what_does_not_end_is_cut_at_the_deadline() {
    let limits = ConnectionLimits {
        grace: Duration::from_millis(50),
        shutdown: Duration::from_millis(300),
        ..ConnectionLimits::default()
    };
    let mut house =
        House::with(Options { deadline: Duration::from_mins(1), ..Options::default() }, limits).await;
    let mut stream = house.connect().await;
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(100)).await;
    house.begin_stop();
    let began = Instant::now();
    assert_eq!(house.ended().await, Served { cut: 1 });
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(read_all(&mut stream, Duration::from_secs(1)).await, "");
}
