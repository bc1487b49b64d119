//! Bytes that two programs could read in two ways, and bytes that come too slowly.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};
use web::edge::{ConnectionLimits, Options};

use crate::house::{Answer, House, read_all};

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

#[tokio::test]
async fn a35_a_length_beside_chunks_smuggles_nothing() {
    let house = House::new().await;
    let smuggled = "GET /where HTTP/1.1\r\nHost: x\r\n\r\n";
    for order in
        ["Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4"]
    {
        let text =
            house.send(format!("POST /echo HTTP/1.1\r\nHost: x\r\n{order}\r\n\r\n0\r\n\r\n{smuggled}")).await;
        assert_eq!(answers(&text), 1, "{text}");
        assert!(!text.contains("/where"), "{text}");
    }
}

#[tokio::test]
async fn a35_two_lengths_are_refused_unless_they_agree() {
    let house = House::new().await;
    let text = house
        .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde")
        .await;
    assert_eq!(Answer::read(&text).status, 400, "{text}");
    let text = house.send("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc").await;
    assert_eq!((Answer::read(&text).status, answers(&text)), (200, 1), "{text}");
    for length in ["-1", "+3", "0x3", "3, 3", "3 3", "99999999999999999999999", ""] {
        let text = house
            .send(format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nabc"))
            .await;
        assert_eq!(Answer::read(&text).status, 400, "{length}: {text}");
    }
}

#[tokio::test]
async fn a35_other_transfer_codings_are_refused() {
    let house = House::new().await;
    for coding in [
        "xchunked",
        "identity",
        "gzip, chunked",
        "chunked, chunked",
        "chunked\r\nTransfer-Encoding: identity",
        "chunked\r\nTransfer-Encoding: chunked",
        "\"chunked\"",
        "chunked;a=b",
    ] {
        let text = house
            .send(format!("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n"))
            .await;
        assert_eq!(Answer::read(&text).status, 400, "{coding}: {text}");
        assert_eq!(answers(&text), 1, "{coding}: {text}");
    }
}

#[tokio::test]
async fn a35_malformed_lines_are_refused() {
    let house = House::new().await;
    for bad in [
        "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: \r\n\r\n",
        "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET  /  HTTP/1.1\r\nHost: x\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let mut stream = house.connect().await;
        stream.write_all(bad.as_bytes()).await.unwrap();
        let text = read_all(&mut stream, Duration::from_millis(300)).await;
        let status = Answer::read(&text).status;
        assert!(status == 400 || status == 505 || (status == 0 && text.is_empty()), "{bad:?}: {text}");
    }
}

#[tokio::test]
async fn a35_a_bare_line_feed_ends_no_chunk() {
    let house = House::new().await;
    for body in [
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "g\r\n",
        "-1\r\n",
        "fffffffffffffffff\r\n",
    ] {
        let text = house
            .send(format!("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET /where HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        assert!(!text.contains("GET /where"), "{body:?}: {text}");
        assert_ne!(Answer::read(&text).status, 200, "{body:?}: {text}");
    }
}

#[tokio::test]
async fn a37_slow_headers_are_cut_off() {
    let limits = ConnectionLimits { head: Duration::from_millis(300), ..ConnectionLimits::default() };
    let house = House::with(Options::default(), limits).await;
    for first in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = house.connect().await;
        stream.write_all(first.as_bytes()).await.unwrap();
        let began = Instant::now();
        let closed = async {
            let mut chunk = [0_u8; 1024];
            while !matches!(
                timeout(Duration::from_millis(50), stream.read(&mut chunk)).await,
                Ok(Ok(0) | Err(_))
            ) {
                // Drip: what comes does not push the end away.
                if first.starts_with("GET") {
                    let _ = stream.write_all(b"a").await;
                }
            }
        };
        assert!(timeout(Duration::from_secs(2), closed).await.is_ok(), "{first:?} is still open");
        assert!(began.elapsed() >= Duration::from_millis(200), "{first:?}");
    }
    assert_eq!(house.ask("GET /", &[], "").await.status, 200);
}

#[tokio::test]
async fn a37_a_kept_connection_may_rest_but_its_next_head_may_not_be_slow() {
    let limits = ConnectionLimits { head: Duration::from_millis(300), ..ConnectionLimits::default() };
    let house = House::with(Options::default(), limits).await;
    let mut stream = house.connect().await;
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(request).await.unwrap();
        let text = read_all(&mut stream, Duration::from_millis(500)).await;
        assert_eq!(Answer::read(&text).status, 200, "{text}");
    }
    stream.write_all(b"GET / HT").await.unwrap();
    let mut chunk = [0_u8; 16];
    let end = timeout(Duration::from_secs(2), stream.read(&mut chunk)).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "{end:?}");
}

#[tokio::test]
async fn a37_a_slow_body_ends_at_the_deadline() {
    let options = Options { deadline: Duration::from_millis(300), ..Options::default() };
    let house = House::with(options, ConnectionLimits::default()).await;
    let answer =
        Answer::read(&house.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na").await);
    answer.is_problem(504, "deadline");
    house.ask("GET /slow", &[], "").await.is_problem(504, "deadline");
    assert_eq!(house.ask("GET /patient", &[], "").await.body, "done");
    let options = Options { body_stall: Duration::from_millis(200), ..Options::default() };
    let house = House::with(options, ConnectionLimits::default()).await;
    let answer =
        Answer::read(&house.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na").await);
    answer.is_problem(504, "body_stalled");
}

#[tokio::test]
async fn a38_an_id_of_the_callers_cannot_carry_a_header() {
    let house = House::new().await;
    let kept = house.ask("GET /", &["X-Request-Id: abc-1.2_3"], "").await;
    assert_eq!(kept.header("x-request-id"), Some("abc-1.2_3"));
    for bad in ["a b", "a\tb", "a\"b", "a,b", "<b>", "\u{e9}", &"x".repeat(65), "a%0d%0aX-Evil:1"] {
        let answer = house.ask("GET /", &[&format!("X-Request-Id: {bad}")], "").await;
        assert_eq!(answer.status, 200, "{bad}");
        assert_eq!(answer.header("x-request-id").map(str::len), Some(26), "{bad}: {answer:?}");
        assert_eq!(answer.header("x-evil"), None);
    }
    let parent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = house.ask("GET /", &[parent], "").await;
    assert_eq!(traced.header("x-trace-id"), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(house.ask("GET /", &[parent, parent], "").await.header("x-trace-id").map(str::len), Some(32));
}

#[tokio::test]
async fn too_many_headers_are_a_problem_that_names_the_limit() {
    let house = House::new().await;
    let many: Vec<String> = (0..70).map(|n| format!("X-{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let answer = house.ask("GET /", &many, "").await;
    answer.is_problem(431, "headers_too_large");
    assert_eq!(answer.json()["header_count"], 64);
    let answer = house.ask("GET /", &[&format!("X-A: {}", "a".repeat(20_000))], "").await;
    answer.is_problem(431, "headers_too_large");
    let answer = house.ask("GET /", &[&format!("X-A: {}", "a".repeat(200_000))], "").await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn a48_a_full_house_says_so_and_recovers() {
    let limits = ConnectionLimits { connections: 2, ..ConnectionLimits::default() };
    let house = House::with(Options::default(), limits).await;
    let (one, two) = (house.connect().await, house.connect().await);
    sleep(Duration::from_millis(100)).await;
    let refused = house.ask("GET /", &[], "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")), "{refused:?}");
    drop((one, two));
    sleep(Duration::from_millis(200)).await;
    assert_eq!(house.ask("GET /", &[], "").await.status, 200);
}
