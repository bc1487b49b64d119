//! P20: the end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::process::{PATIENCE, Server, folder};

#[test]
fn p20_sigterm_turns_readiness_off_first_finishes_what_is_in_flight_and_ends_with_0() {
    let (answer, code, said) = stop_in_the_middle_of_a_request(&[]);
    assert!(answer.starts_with("HTTP/1.1 401"), "the request in flight was not finished: {answer:?}");
    assert_eq!(code, 0, "{said}");
}

/// The fault that makes the test above fail: connections are cut instead of drained.
#[cfg(feature = "faults")]
#[test]
fn p20_a_server_that_does_not_drain_is_found_out() {
    let (answer, code, _) = stop_in_the_middle_of_a_request(&[("FAILPOINTS", "shutdown.no_drain=return")]);
    assert!(!answer.starts_with("HTTP/1.1 401") || code != 0, "{code} {answer}");
}

/// What a request is answered whose body is still on its way when the stop comes, and how the server ended.
fn stop_in_the_middle_of_a_request(variables: &[(&str, &str)]) -> (String, i32, String) {
    let place = folder();
    let server = Server::spawn(place.path(), &[], variables);
    server.wait_ready();
    let mut slow = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = b"username=nobody@example.test&password=a+wrong+passphrase";
    let head = format!(
        "POST /api/v1/auth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    slow.write_all(&body[..10]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let began = Instant::now();
    server.signal("-TERM");
    let draining = server.wait_for("/ready", |answer| !answer.starts_with("HTTP/1.1 200"));
    assert!(draining.starts_with("HTTP/1.1 503") && draining.contains("draining"), "{draining}");
    std::thread::sleep(Duration::from_millis(700));
    let _ = slow.write_all(&body[10..]);
    let mut answer = String::new();
    let _ = slow.read_to_string(&mut answer);
    let (code, said) = server.end();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    (answer, code, said)
}

#[test]
fn p20_under_load_no_request_that_was_taken_is_cut() {
    let place = folder();
    let server = Server::start(place.path(), &[]);
    let port = server.port;
    let ask = move || {
        let mut answered = 0;
        // Until it can not be reached any more.
        while let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let sent = stream
                .write_all(b"GET /api/v1/openapi.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            let mut answer = Vec::new();
            let read = stream.read_to_end(&mut answer);
            let whole = sent.is_ok() && read.is_ok() && answer.starts_with(b"HTTP/1.1 ");
            // A connection that came while the listener was closing was never accepted: nothing was read from it.
            assert!(whole || answer.is_empty(), "cut after {} bytes: {read:?}", answer.len());
            answered += usize::from(whole);
        }
        answered
    };
    let clients: Vec<_> = (0..4).map(|_| std::thread::spawn(ask)).collect();
    std::thread::sleep(Duration::from_millis(500));
    let (code, said) = server.stop();
    assert_eq!(code, 0, "{said}");
    let answered: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(answered > 50, "{answered}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let place = folder();
    let server = Server::start(place.path(), &[]);
    // Keeps the shutdown waiting.
    let mut slow = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    slow.write_all(b"POST /api/v1/auth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
        .unwrap();
    slow.write_all(b"content-length: 100\r\n\r\n{").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.signal("-INT");
    server.wait_for("/ready", |answer| answer.starts_with("HTTP/1.1 503"));
    let began = Instant::now();
    server.signal("-TERM");
    let (code, said) = server.end();
    assert_eq!(code, 130, "{said}");
    assert!(began.elapsed() < Duration::from_secs(2));
}
