//! A32: whatever the other side does, it ends in bounded time and room, with an error that says what happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use outbound::{Error, Outbound, Phase, Request, Resolve};
use tasks::Stopwatch;
use tokio::io::AsyncWriteExt;

use crate::names::{Names, outbound};
use peers::{OUTSIDE, Upstream, reply};

const DEADLINE: Duration = Duration::from_millis(800);

/// Asks once, and holds it to the deadline.
async fn ask(out: &Outbound, url: String) -> Result<outbound::Answer, Error> {
    let watch = Stopwatch::start();
    let outcome = out.send(Request::get(url, "test").retries(0).deadline(DEADLINE)).await;
    assert!(watch.elapsed() < DEADLINE + Duration::from_millis(700), "it took {:?}", watch.elapsed());
    outcome
}

fn plain() -> Outbound {
    outbound("", &Names::new(&[]))
}

/// Sends `first`, then `again` for ever, and counts the bytes.
async fn without_end(first: &'static [u8], again: Vec<u8>, pause: Duration) -> (Upstream, Arc<AtomicUsize>) {
    let (sent, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(again));
    let count = Arc::clone(&sent);
    let upstream = Upstream::does(move |mut stream, _| {
        let (count, again) = (Arc::clone(&count), Arc::clone(&again));
        async move {
            let _ = stream.write_all(first).await;
            while stream.write_all(&again).await.is_ok() {
                count.fetch_add(again.len(), Ordering::SeqCst);
                tokio::time::sleep(pause).await;
            }
        }
    })
    .await;
    (upstream, sent)
}

#[tokio::test]
async fn a32_a_slow_head_and_a_slow_body_end_at_the_deadline() {
    for first in [&b"HTTP/1.1 200 OK\r\n"[..], b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n", b""] {
        let (upstream, _) = without_end(first, b"x".to_vec(), Duration::from_millis(50)).await;
        let outcome = ask(&plain(), upstream.url("/")).await;
        let late = matches!(outcome, Err(Error::Timeout(Phase::Answering)));
        // Without a first line, it is over as soon as what comes can not become one.
        assert!(late || (first.is_empty() && matches!(outcome, Err(Error::Broken(_)))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a32_silence_ends_at_the_deadline() {
    let upstream = Upstream::does(|stream, _| async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(stream);
    })
    .await;
    let outcome = ask(&plain(), upstream.url("/")).await;
    assert!(matches!(outcome, Err(Error::Timeout(Phase::Answering))), "{outcome:?}");
}

#[tokio::test]
async fn a32_a_body_without_end_is_cut_at_the_limit() {
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
    for (first, again) in [
        (&b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"[..], chunk.clone().into_bytes()),
        (b"HTTP/1.1 200 OK\r\n\r\n", vec![b'x'; 65_536]),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n", vec![b'x'; 65_536]),
    ] {
        let (upstream, sent) = without_end(first, again, Duration::ZERO).await;
        let outcome = ask(&plain(), upstream.url("/")).await;
        assert!(matches!(outcome, Err(Error::TooLarge { what: "body", limit: 1_048_576 })), "{outcome:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let sent = sent.load(Ordering::SeqCst);
        // What the system's socket buffers take comes on top.
        assert!(sent < 16 << 20, "{sent} bytes were taken");
    }
}

#[tokio::test]
async fn a32_a_head_without_end_is_cut_at_the_limit() {
    for again in [b"x".repeat(4096), b"x-header: 0123456789\r\n".repeat(100), b"a:\r\n".repeat(1000)] {
        let (upstream, sent) = without_end(b"HTTP/1.1 200 OK\r\n", again, Duration::ZERO).await;
        let out = outbound("header_limit = \"16 KiB\"", &Names::new(&[]));
        let outcome = ask(&out, upstream.url("/")).await;
        let cut = matches!(outcome, Err(Error::TooLarge { what: "head", .. }));
        assert!(cut || matches!(outcome, Err(Error::Broken(_))), "{outcome:?}");
        assert!(sent.load(Ordering::SeqCst) < 16 << 20);
    }
    let many = "x: y\r\n".repeat(500);
    let upstream = Upstream::says(move |_| reply(200, &many, "")).await;
    let outcome = ask(&plain(), upstream.url("/")).await;
    assert!(matches!(outcome, Err(Error::TooLarge { what: "head", .. })), "{outcome:?}");
}

#[tokio::test]
async fn a32_early_hints_without_end_are_no_answer() {
    let hint = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".to_vec();
    let (upstream, _) = without_end(b"", hint, Duration::from_millis(1)).await;
    let outcome = ask(&plain(), upstream.url("/")).await;
    assert!(matches!(outcome, Err(Error::Timeout(Phase::Answering))), "{outcome:?}");
}

#[tokio::test]
async fn a32_what_is_packed_stays_packed() {
    let packed = "\u{1f}not really gzip: nobody looks";
    let upstream = Upstream::says(move |_| reply(200, "content-encoding: gzip\r\n", packed)).await;
    let answer = ask(&plain(), upstream.url("/")).await.unwrap();
    assert_eq!(answer.body, packed);
    assert!(upstream.seen()[0].contains("accept-encoding: identity\r\n"));
}

#[tokio::test]
async fn a32_answers_that_break_off_or_are_none() {
    for said in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
    ] {
        let upstream = Upstream::says(move |_| said.to_vec()).await;
        let outcome = ask(&plain(), upstream.url("/")).await;
        assert!(matches!(outcome, Err(Error::Broken(_))), "{said:?}: {outcome:?}");
    }
}

struct Mute;

impl Resolve for Mute {
    fn resolve<'a>(
        &'a self,
        _: &'a str,
    ) -> futures_util::future::BoxFuture<'a, std::io::Result<Vec<std::net::IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a32_a_resolver_that_never_answers_is_given_up() {
    let settings =
        config::Settings::of_text(config::sections::KERNEL, "[outbound]\nconnect_timeout = \"200ms\"\n");
    let out = Outbound::with_resolver(&settings.unwrap(), types::Clock::system(), Arc::new(Mute)).unwrap();
    let outcome = ask(&out, "http://mute.example/".to_owned()).await;
    assert!(matches!(outcome, Err(Error::Timeout(Phase::Connecting))), "{outcome:?}");
}

/// Answers late, whether anybody waits or not, as the system's look-up does.
#[derive(Default)]
struct Late {
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Resolve for Late {
    fn resolve<'a>(
        &'a self,
        _: &'a str,
    ) -> futures_util::future::BoxFuture<'a, std::io::Result<Vec<std::net::IpAddr>>> {
        Box::pin(async move {
            self.most.fetch_max(self.under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(3)).await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            Ok(Vec::new())
        })
    }
}

#[tokio::test]
async fn a32_look_ups_that_were_given_up_hold_no_more_than_the_places_of_their_lane() {
    let settings =
        "[outbound]\nconnect_timeout = \"50ms\"\nper_lane = 3\nfailures = 1000\nallow = [\"127.0.0.0/8\"]";
    let settings = config::Settings::of_text(config::sections::KERNEL, settings).unwrap();
    let late = Arc::new(Late::default());
    let resolver: Arc<dyn Resolve> = late.clone();
    let out = Outbound::with_resolver(&settings, types::Clock::system(), resolver).unwrap();
    let mut busy = 0;
    for number in 0..9 {
        let request = Request::get(format!("http://{number}.mute.example/"), "test").lane("noisy").retries(0);
        match out.send(request.deadline(Duration::from_millis(100))).await {
            Err(Error::Timeout(Phase::Connecting)) => {}
            Err(Error::Busy(_)) => busy += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((late.most.load(Ordering::SeqCst), busy), (3, 6));
    // Others do not notice, and the places come back with the answers.
    let healthy = Upstream::says(|_| reply(200, "", "quick")).await;
    let answer = out.send(Request::get(healthy.url("/"), "test").lane("quiet")).await.unwrap();
    assert_eq!(answer.body, "quick");
    let answer = out.send(Request::get(healthy.url("/"), "test").lane("noisy")).await.unwrap();
    assert!(answer.body == "quick" && late.under_way.load(Ordering::SeqCst) < 3);
}

#[tokio::test]
async fn a32_a_lane_holds_no_more_than_its_places_and_no_other_lane_waits_for_it() {
    let hanging = Upstream::does(|stream, _| async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(stream);
    })
    .await;
    let healthy = Upstream::says(|_| reply(200, "", "quick")).await;
    let out = outbound("per_lane = 3\nconcurrency = 4\nfailures = 1000", &Names::new(&[]));
    let noisy = (0..40).map(|_| {
        let (out, url) = (out.clone(), hanging.url("/"));
        tokio::spawn(async move {
            out.send(Request::get(url, "test").lane("noisy").retries(0).deadline(DEADLINE)).await
        })
    });
    let noisy: Vec<_> = noisy.collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..20 {
        let watch = Stopwatch::start();
        let answer = out.send(Request::get(healthy.url("/"), "test").lane("quiet")).await.unwrap();
        assert_eq!(answer.body, "quick");
        assert!(watch.elapsed() < Duration::from_millis(250), "{:?}", watch.elapsed());
    }
    assert_eq!(hanging.most(), 3);
    let mut busy = 0;
    for one in noisy {
        busy += usize::from(matches!(one.await.unwrap(), Err(Error::Busy(_))));
    }
    assert!((34..=37).contains(&busy), "{busy} did not get their turn in time");
}

#[tokio::test]
async fn a32_more_than_may_wait_are_refused_at_once() {
    let hanging = Upstream::does(|stream, _| async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(stream);
    })
    .await;
    let out = outbound("per_lane = 1", &Names::new(&[("slow.example", &[OUTSIDE])]));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (out, url) = (out.clone(), hanging.url("/"));
        waiting.spawn(async move {
            let watch = Stopwatch::start();
            let outcome = out.send(Request::get(url, "test").retries(0).deadline(DEADLINE)).await;
            (matches!(outcome, Err(Error::Busy(_))) && watch.elapsed() < DEADLINE / 2, outcome)
        });
    }
    let at_once = waiting.join_all().await.into_iter().filter(|(at_once, _)| *at_once).count();
    assert!((12..=14).contains(&at_once), "{at_once}");
}
