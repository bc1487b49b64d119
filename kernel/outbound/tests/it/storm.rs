//! A34: a host that always fails is asked ever less often, and nobody else waits for it.

use std::time::Duration;

use outbound::{Error, Request, StatusCode};
use tasks::Stopwatch;

use crate::names::{Names, outbound};
use peers::{Upstream, reply};

#[tokio::test]
async fn a34_retries_are_a_small_part_of_the_requests() {
    let failing = Upstream::says(|_| reply(500, "", "")).await;
    // Never left alone, so that only the budget holds.
    let out = outbound("failures = 1000000\nretry_percent = 10", &Names::new(&[]));
    for _ in 0..100 {
        let answer = out.send(Request::get(failing.url("/"), "test").retries(5)).await.unwrap();
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    let attempts = failing.seen().len();
    assert!((105..=112).contains(&attempts), "{attempts} attempts for 100 requests");
}

#[tokio::test]
async fn a34_a_host_that_fails_is_left_alone_and_found_again() {
    let well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now_well = std::sync::Arc::clone(&well);
    let host = Upstream::says(move |_| {
        let well = now_well.load(std::sync::atomic::Ordering::SeqCst);
        if well { reply(200, "", "well") } else { reply(500, "", "") }
    })
    .await;
    let out = outbound("failures = 5\nrest = \"300ms\"", &Names::new(&[]));
    let ask = || out.send(Request::get(host.url("/"), "test").lane("a").retries(0));
    let mut left_alone = 0;
    for _ in 0..50 {
        left_alone += usize::from(matches!(ask().await, Err(Error::Resting { .. })));
    }
    assert_eq!((host.seen().len(), left_alone), (5, 45));
    let other = out.send(Request::get(host.url("/"), "test").lane("b").retries(0)).await;
    assert!(other.is_ok(), "what one lane did is not held against another: {other:?}");

    well.store(true, std::sync::atomic::Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(ask().await.unwrap().body, "well");
    assert_eq!(ask().await.unwrap().body, "well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a34_a_storm_in_one_lane_is_not_felt_in_another() {
    let failing = Upstream::does(|stream, _| async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(stream);
    })
    .await;
    let healthy = Upstream::says(|_| reply(200, "", "fine")).await;
    let out = outbound("rest = \"200ms\"", &Names::new(&[]));
    let quiet = async |count: usize| {
        let mut all = Vec::new();
        for _ in 0..count {
            let watch = Stopwatch::start();
            out.send(Request::get(healthy.url("/"), "test").lane("quiet")).await.unwrap();
            all.push(watch.elapsed());
        }
        all.sort();
        all[all.len() * 95 / 100]
    };
    let calm = quiet(200).await;
    let storm: Vec<_> = (0..500)
        .map(|_| {
            let (out, url) = (out.clone(), failing.url("/"));
            tokio::spawn(async move { out.send(Request::get(url, "test").lane("noisy").retries(5)).await })
        })
        .collect();
    let stormy = quiet(200).await;
    for one in storm {
        assert!(one.await.unwrap().is_err());
    }
    let attempts = failing.seen().len();
    assert!(attempts <= 100, "{attempts} attempts at a host that never answers");
    assert!(stormy < calm * 2 + Duration::from_millis(50), "{calm:?} before, {stormy:?} in the storm");
}

#[tokio::test]
async fn a34_retry_after_is_obeyed_and_no_longer_than_the_settings_say() {
    for asked in ["99999999999999999999", "Fri, 14 Nov 9998 22:14:20 GMT", "2"] {
        let header = format!("retry-after: {asked}\r\n");
        let host = Upstream::says(move |_| reply(429, &header, "")).await;
        let out = outbound("longest_retry_after = \"2s\"", &Names::new(&[]));
        let ask = || out.send(Request::get(host.url("/"), "test").deadline(Duration::from_secs(1)));
        let first = ask().await.unwrap();
        assert_eq!((first.status, first.attempts), (StatusCode::TOO_MANY_REQUESTS, 1), "no retry fits in");
        assert_eq!(first.retry_after, Some(Duration::from_secs(2)));
        let Err(Error::Resting { wait, .. }) = ask().await else { panic!("{asked}: it was asked again") };
        assert!(wait <= Duration::from_secs(2), "{wait:?}");
        assert_eq!(host.seen().len(), 1);
    }
}

#[tokio::test]
async fn a34_a_retry_waits_as_long_as_it_was_asked_to() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let host = Upstream::says(move |_| {
        let first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
        if first { reply(503, "retry-after: 1\r\n", "") } else { reply(200, "", "now") }
    })
    .await;
    let watch = Stopwatch::start();
    let answer = outbound("", &Names::new(&[])).send(Request::get(host.url("/"), "test")).await.unwrap();
    assert_eq!((answer.body.as_ref(), answer.attempts), (&b"now"[..], 2));
    assert!(watch.elapsed() >= Duration::from_secs(1), "{:?}", watch.elapsed());
}
