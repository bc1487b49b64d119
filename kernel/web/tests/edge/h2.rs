//! HTTP/2 written by hand, to do with it what no library would.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::house::House;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
/// GET / http, authority x: three names of the static table and a literal.
const GET_ROOT: &[u8] = &[0x82, 0x84, 0x86, 0x41, 1, b'x'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut out = vec![length[1], length[2], length[3], kind, flags];
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
    out
}

async fn open(house: &House) -> TcpStream {
    let mut stream = house.connect().await;
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// The kinds and first bytes of the frames until the connection ends or is silent.
async fn frames(stream: &mut TcpStream, patience: Duration) -> (Vec<(u8, Vec<u8>)>, bool) {
    let mut all = Vec::new();
    let mut closed = false;
    let mut chunk = vec![0_u8; 16 * 1024];
    loop {
        match timeout(patience, stream.read(&mut chunk)).await {
            Ok(Ok(n)) if n > 0 => all.extend_from_slice(&chunk[..n]),
            Ok(_) => {
                closed = true;
                break;
            }
            Err(_) => break,
        }
    }
    let mut found = Vec::new();
    let mut rest = &all[..];
    while rest.len() >= 9 {
        let length = usize::from(rest[0]) << 16 | usize::from(rest[1]) << 8 | usize::from(rest[2]);
        if rest.len() < 9 + length {
            break;
        }
        found.push((rest[3], rest[9..9 + length].to_vec()));
        rest = &rest[9 + length..];
    }
    (found, closed)
}

fn has(found: &[(u8, Vec<u8>)], kind: u8) -> bool {
    found.iter().any(|(one, _)| *one == kind)
}

#[tokio::test]
async fn http_2_is_spoken_without_asking() {
    let house = House::new().await;
    let mut stream = open(&house).await;
    stream.write_all(&frame(HEADERS, 5, 1, GET_ROOT)).await.unwrap();
    let (found, _) = frames(&mut stream, Duration::from_millis(300)).await;
    assert!(found.contains(&(DATA, b"hello".to_vec())), "{found:?}");
}

#[tokio::test]
async fn a36_rapid_reset_costs_the_connection_that_does_it() {
    let house = House::new().await;
    let mut stream = open(&house).await;
    let mut flood = Vec::new();
    for n in 0..5_000_u32 {
        flood.extend(frame(HEADERS, 5, n * 2 + 1, GET_ROOT));
        flood.extend(frame(RST, 0, n * 2 + 1, &8_u32.to_be_bytes()));
    }
    let _ = stream.write_all(&flood).await;
    let (found, closed) = frames(&mut stream, Duration::from_secs(2)).await;
    assert!(closed || has(&found, GOAWAY), "the flood is still welcome");
    assert_eq!(house.ask("GET /", &[], "").await.body, "hello");
}

#[tokio::test]
async fn a36_headers_without_end_are_cut_off() {
    let house = House::new().await;
    let mut stream = open(&house).await;
    stream.write_all(&frame(HEADERS, 1, 1, GET_ROOT)).await.unwrap();
    // Whole literals (a: b) without end: nothing is wrong with any of these frames but their number.
    let block = b"\x00\x01a\x01b".repeat(3_000);
    let mut sent = 0;
    for _ in 0..1_000 {
        if timeout(Duration::from_secs(2), stream.write_all(&frame(CONTINUATION, 0, 1, &block)))
            .await
            .is_err()
        {
            break;
        }
        sent += 1;
        if sent % 10 == 0 {
            let mut byte = [0_u8; 4096];
            if let Ok(Ok(0) | Err(_)) = timeout(Duration::from_millis(1), stream.read(&mut byte)).await {
                break;
            }
        }
    }
    let (found, closed) = frames(&mut stream, Duration::from_millis(500)).await;
    assert!(closed || has(&found, GOAWAY), "{sent} frames were taken");
    assert!(sent < 1_000, "all of them were taken");
    assert_eq!(house.ask("GET /", &[], "").await.body, "hello");
}

#[tokio::test]
async fn a35_pseudo_headers_carry_no_second_line() {
    let house = House::new().await;
    let evil = b"/x HTTP/1.1\r\nHost: evil";
    let mut path = vec![0x82, 0x86, 0x41, 1, b'x', 0x44, u8::try_from(evil.len()).unwrap()];
    path.extend_from_slice(evil);
    let mut coded = GET_ROOT.to_vec();
    coded.extend_from_slice(b"\x00\x11transfer-encoding\x07chunked");
    let mut upper = GET_ROOT.to_vec();
    upper.extend_from_slice(b"\x00\x03X-A\x01b");
    let mut twice = GET_ROOT.to_vec();
    twice.extend_from_slice(&[0x84]);
    for block in [path, coded, upper, twice] {
        let mut stream = open(&house).await;
        stream.write_all(&frame(HEADERS, 5, 1, &block)).await.unwrap();
        let (found, closed) = frames(&mut stream, Duration::from_millis(300)).await;
        assert!(closed || has(&found, RST) || has(&found, GOAWAY), "{found:?}");
        assert!(!found.contains(&(DATA, b"hello".to_vec())), "{found:?}");
    }
}
