//! Bodies that are larger than they should be, or than they say.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use web::edge::{ConnectionLimits, Options};

use crate::house::{Answer, House, read_all};

#[tokio::test]
async fn a27_a_body_that_says_it_is_too_large_is_refused_unread() {
    let house = House::new().await;
    let mut stream = house.connect().await;
    stream
        .write_all(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4294967296\r\n\r\n",
        )
        .await
        .unwrap();
    let text = read_all(&mut stream, Duration::from_secs(2)).await;
    let answer = Answer::read(&text);
    answer.is_problem(413, "body_too_large");
    assert_eq!(answer.json()["limit_bytes"], 1_048_576);
    assert!(!text.contains("100 Continue"), "{text}");
}

#[tokio::test]
async fn a27_chunks_without_end_are_cut_at_the_limit() {
    let house = House::new().await;
    let mut stream = house.connect().await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(65_536));
    let mut sent = 0_u64;
    let mut answer = Vec::new();
    let talk = async {
        let mut buf = [0_u8; 4096];
        loop {
            tokio::select! {
                biased;
                read = reader.read(&mut buf) => match read {
                    Ok(n) if n > 0 => answer.extend_from_slice(&buf[..n]),
                    _ => return,
                },
                wrote = writer.write_all(chunk.as_bytes()), if answer.is_empty() => match wrote {
                    Ok(()) => sent += 65_536,
                    Err(_) => return,
                },
            }
        }
    };
    timeout(Duration::from_secs(10), talk).await.unwrap();
    Answer::read(&String::from_utf8_lossy(&answer)).is_problem(413, "body_too_large");
    assert!(sent < 32 * 1024 * 1024, "{sent} bytes were taken");
}

#[tokio::test]
async fn a27_a_lying_length_gets_no_second_request_in() {
    let house = House::new().await;
    let text = house.send("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabcGET /where HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(text.ends_with("abc"), "{text}");
    // Less than was announced: the body never ends, so nothing is answered as if it had.
    let mut stream = house.connect().await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").await.unwrap();
    stream.shutdown().await.unwrap();
    let text = read_all(&mut stream, Duration::from_secs(2)).await;
    assert!(!text.starts_with("HTTP/1.1 200"), "{text}");
}

#[tokio::test]
async fn a_route_may_have_another_limit() {
    let house =
        House::with(Options { body_limit: 10, ..Options::default() }, ConnectionLimits::default()).await;
    assert_eq!(house.ask("POST /echo", &[], "0123456789").await.body, "0123456789");
    house.ask("POST /echo", &[], "0123456789a").await.is_problem(413, "body_too_large");
    assert_eq!(house.ask("POST /large", &[], &"x".repeat(4096)).await.body, "4096");
    house.ask("POST /large", &[], &"x".repeat(4097)).await.is_problem(413, "body_too_large");
}

#[tokio::test]
async fn a26_compressed_bodies_are_refused_unread() {
    let house = House::new().await;
    for coding in ["gzip", "br", "zstd", "deflate", "identity, gzip"] {
        let answer = house.ask("POST /echo", &[&format!("Content-Encoding: {coding}")], "x").await;
        answer.is_problem(415, "unsupported_content_encoding");
    }
    assert_eq!(house.ask("POST /echo", &["Content-Encoding: identity"], "x").await.status, 200);
}
