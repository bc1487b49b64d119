//! What it is good for: requests that arrive as they were meant, and are repeated only when that does no harm.

use std::time::Duration;

use outbound::{Error, Method, Request, StatusCode};
use types::Trace;

use crate::names::{Names, outbound};
use peers::{OUTSIDE, Upstream, reply};

#[tokio::test]
async fn a_request_arrives_as_it_was_meant() {
    let upstream = Upstream::says(|_| reply(201, "x-kind: thing\r\n", "made")).await;
    let out = outbound("", &Names::new(&[("api.example", &[OUTSIDE])]));
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736".to_owned();
    let url = format!("http://api.example:{}/things?x=1#not-sent", upstream.address.port());
    let request = Request::post(url, "test", "{\"a\":1}")
        .header("content-type", "application/json")
        .trace(&Trace { trace_id: trace_id.as_str().into(), ..Trace::default() });
    let answer = out.send(request).await.unwrap();
    assert_eq!((answer.status, answer.body.as_ref()), (StatusCode::CREATED, &b"made"[..]));
    assert_eq!(answer.headers["x-kind"], "thing");
    let seen = upstream.seen().remove(0);
    assert!(
        seen.starts_with("POST /things?x=1 HTTP/1.1\r\n") && seen.ends_with("\r\n\r\n{\"a\":1}"),
        "{seen}"
    );
    let host = format!("host: api.example:{}\r\n", upstream.address.port());
    for part in [
        host.as_str(),
        "content-length: 7\r\n",
        "user-agent: Mainstay/",
        &format!("traceparent: 00-{trace_id}-"),
    ] {
        assert!(seen.contains(part), "{part} is not in {seen}");
    }
}

#[tokio::test]
async fn a_wait_without_end_is_a_long_one() {
    let upstream = Upstream::says(|_| reply(500, "", "")).await;
    let wide = "timeout = \"99999999d\"\nconnect_timeout = \"99999999d\"\nrest = \"99999999d\"\nfailures = 1";
    let out = outbound(wide, &Names::new(&[]));
    let answer = out.send(Request::get(upstream.url("/"), "test").deadline(Duration::MAX).retries(0)).await;
    assert_eq!(answer.unwrap().status, StatusCode::INTERNAL_SERVER_ERROR);
    let resting = out.send(Request::get(upstream.url("/"), "test")).await;
    assert!(matches!(resting, Err(Error::Resting { .. })), "{resting:?}");
}

#[tokio::test]
async fn a_head_has_a_length_and_no_body() {
    let upstream = Upstream::says(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec()).await;
    let request = Request::new(Method::HEAD, upstream.url("/"), "test");
    let answer = outbound("", &Names::new(&[])).send(request).await.unwrap();
    assert!(answer.body.is_empty());
    assert_eq!(answer.headers["content-length"], "99999999");
}

#[tokio::test]
async fn a33_no_header_carries_a_second_line_or_our_framing() {
    let upstream = Upstream::says(|_| reply(200, "", "")).await;
    let out = outbound("", &Names::new(&[]));
    for (name, value) in [
        ("x-a", "b\r\nx-c: d"),
        ("x-a\r\nx-c", "d"),
        ("x-a", "\u{0}"),
        ("", "x"),
        ("host", "127.0.0.1"),
        ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
        ("connection", "upgrade"),
        ("expect", "100-continue"),
        ("proxy-connection", "x"),
    ] {
        let outcome = out.send(Request::get(upstream.url("/"), "test").header(name, value)).await;
        assert!(matches!(outcome, Err(Error::Refused(_))), "{name}: {outcome:?}");
    }
    let tunnel = out.send(Request::new(Method::CONNECT, upstream.url("/"), "test")).await;
    assert!(matches!(tunnel, Err(Error::Refused(_))), "{tunnel:?}");
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn only_what_does_no_harm_twice_is_sent_twice() {
    let out = outbound("failures = 1000", &Names::new(&[]));
    for (said, attempts) in [(reply(500, "", ""), 2), (Vec::new(), 2), (reply(404, "", ""), 1)] {
        let host = Upstream::says(move |_| said.clone()).await;
        let _ = out.send(Request::post(host.url("/"), "test", "x")).await;
        assert_eq!(host.seen().len(), 1, "a POST may have arrived");
        let _ = out.send(Request::post(host.url("/"), "test", "x").idempotent().retries(1)).await;
        assert_eq!(host.seen().len(), 1 + attempts);
        let _ = out.send(Request::new(Method::PUT, host.url("/"), "test").retries(0)).await;
        assert_eq!(host.seen().len(), 1 + attempts + 1);
    }
}

#[tokio::test]
async fn what_was_never_sent_is_tried_again() {
    let gone = Upstream::says(|_| Vec::new()).await.address;
    // Nobody listens on the port of a neighbour.
    let url = format!("http://127.0.0.2:{}/", if gone.port() > 60_000 { 1024 } else { gone.port() + 1 });
    let out = outbound("", &Names::new(&[]));
    let (recorder, numbers) = telemetry::metrics::Metrics::build();
    let _here = metrics::set_default_local_recorder(&recorder);
    let outcome = out.send(Request::post(&url, "hook", "x")).await;
    assert!(matches!(outcome, Err(Error::Unreachable { .. })), "{outcome:?}");
    let text = numbers.render();
    for line in [
        "outbound_attempts_total{label=\"hook\"} 3",
        "outbound_requests_total{label=\"hook\",outcome=\"unreachable\"} 1",
        "outbound_in_flight 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn the_house_hears_a_code_and_the_public_no_address() {
    let out = outbound("", &Names::new(&[("inside.example", &["10.9.8.7"])]));
    let error = out.send(Request::get("http://inside.example/?token=sesame", "test")).await.unwrap_err();
    let error = types::Error::from(error);
    assert_eq!((error.kind(), error.code()), (types::Kind::Invalid, "outbound_refused"));
    assert!(!format!("{} {:?}", error.message(), error.members()).contains("10.9.8.7"));
    assert!(!error.detail().contains("sesame"));
}

#[test]
fn a_file_of_authorities_that_can_not_be_used_is_a_mistake_in_the_settings() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for path in [empty.path().to_str().unwrap(), "/nowhere/ca.pem"] {
        let text = format!("[outbound]\nca_file = {path:?}\n");
        let settings = config::Settings::of_text(config::sections::KERNEL, &text).unwrap();
        let outcome = outbound::Outbound::new(&settings, types::Clock::system());
        let Err(Error::Settings(said)) = outcome else { panic!("{path} was taken") };
        assert!(said.contains("outbound.ca_file") && said.contains(path), "{said}");
    }
}
