//! A31: nothing inside is reached, however it is written. Canaries listen on every address of this machine.

use std::time::Duration;

use outbound::{Error, Refusal, Request};

use crate::names::{Names, outbound};
use peers::{Canary, OUTSIDE, TARGETS, Upstream, reply};

fn names() -> std::sync::Arc<Names> {
    Names::new(&[
        ("public.example", &[OUTSIDE]),
        ("inside.example", &["127.0.0.1"]),
        ("both.example", &[OUTSIDE, "127.0.0.1"]),
        ("mapped.example", &["::ffff:127.0.0.1"]),
        ("six.example", &["::1"]),
        ("metadata.google.internal", &["169.254.169.254"]),
        ("xn--lcalhost-9za.example", &["127.0.0.1"]),
    ])
}

#[tokio::test]
async fn p18_a31_no_target_reaches_the_inside() {
    let (canary, out) = (Canary::listen().await, outbound("", &names()));
    for target in TARGETS {
        let url = target.replace("{p}", &canary.port.to_string());
        let outcome = out.send(Request::get(&url, "test").deadline(Duration::from_secs(2))).await;
        assert!(matches!(outcome, Err(Error::Refused(_))), "{url}: {outcome:?}");
    }
    assert_eq!(canary.touched().await, 0);
}

#[tokio::test]
async fn p18_a31_no_redirect_reaches_the_inside() {
    let (canary, out) = (Canary::listen().await, outbound("failures = 1000", &names()));
    for target in TARGETS {
        let location = target.replace("{p}", &canary.port.to_string());
        if !location.bytes().all(|byte| byte >= 0x20) {
            continue;
        }
        let moved = format!("location: {location}\r\n");
        let upstream = Upstream::says(move |_| reply(302, &moved, "")).await;
        let outcome = out.send(Request::get(upstream.url("/"), "test").follow_redirects(3)).await;
        assert!(matches!(outcome, Err(Error::Refused(_))), "{location}: {outcome:?}");
        assert_eq!(upstream.seen().len(), 1);
    }
    assert_eq!(canary.touched().await, 0);
}

#[tokio::test]
async fn p18_a31_a_name_that_turns_inwards_is_pinned() {
    let upstream = Upstream::says(|_| reply(200, "", "outside")).await;
    let canary = Canary::beside(&upstream).await;
    let names = Names::new(&[("turns.example", &[OUTSIDE]), ("turns.example", &["127.0.0.1"])]);
    let out = outbound("", &names);
    let url = format!("http://turns.example:{}/", upstream.address.port());
    let first = out.send(Request::get(&url, "test")).await.unwrap();
    assert_eq!(first.body, "outside", "it went to the address that was vetted");
    let second = out.send(Request::get(&url, "test")).await;
    assert!(matches!(second, Err(Error::Refused(Refusal::Address))), "{second:?}");
    assert_eq!(canary.touched().await, 0);
}

#[tokio::test]
async fn p18_a31_a_name_that_turns_inwards_between_redirects_and_retries() {
    let here = Upstream::says(|_| reply(302, "location: /again\r\n", "")).await;
    let failing = Upstream::says(|_| reply(503, "", "")).await;
    for upstream in [here, failing] {
        let canary = Canary::beside(&upstream).await;
        let names = Names::new(&[("turns.example", &[OUTSIDE]), ("turns.example", &["127.0.0.1"])]);
        let url = format!("http://turns.example:{}/", upstream.address.port());
        let asked = Request::get(&url, "test").follow_redirects(5);
        let outcome = outbound("", &names).send(asked).await;
        assert!(matches!(outcome, Err(Error::Refused(Refusal::Address))), "{outcome:?}");
        assert_eq!((upstream.seen().len(), canary.touched().await), (1, 0));
    }
}

#[tokio::test]
async fn a31_credentials_stay_with_the_origin_they_were_meant_for() {
    let other = Upstream::says(|_| reply(200, "", "there")).await;
    let to = format!("location: {}\r\n", other.url("/there"));
    let upstream = Upstream::says(move |request| {
        let moved = if request.contains("GET /here") { "location: /same\r\n" } else { to.as_str() };
        reply(307, moved, "")
    })
    .await;
    let asked = Request::get(upstream.url("/here"), "test")
        .header("authorization", "Bearer sesame")
        .header("cookie", "a=sesame")
        .header("x-api-key", "sesame")
        .header("accept", "text/plain")
        .follow_redirects(2);
    let answer = outbound("", &Names::new(&[])).send(asked).await.unwrap();
    assert_eq!(answer.body, "there");
    assert!(upstream.seen().iter().all(|request| request.matches("sesame").count() == 3));
    let seen = other.seen().concat();
    assert!(!seen.contains("sesame") && seen.contains("accept: text/plain"), "{seen}");
}

#[tokio::test]
async fn a31_a_redirect_is_followed_when_asked_and_not_for_ever() {
    let upstream = Upstream::says(|_| reply(302, "location: /round\r\n", "")).await;
    let out = outbound("", &Names::new(&[]));
    let as_is = out.send(Request::get(upstream.url("/"), "test")).await.unwrap();
    assert_eq!((as_is.status.as_u16(), upstream.seen().len()), (302, 1));
    let post = Request::post(upstream.url("/"), "test", "x").follow_redirects(3);
    assert_eq!(out.send(post).await.unwrap().status.as_u16(), 302, "a body is not handed on");
    let round = out.send(Request::get(upstream.url("/"), "test").follow_redirects(3)).await;
    assert!(matches!(round, Err(Error::Broken(_))), "{round:?}");
    assert_eq!(upstream.seen().len(), 1 + 1 + 4);
}

/// The proxies of the environment would see every request, and resolve names themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a31_no_proxy_of_the_environment_is_believed() {
    let canary = Canary::listen().await;
    let proxy = format!("http://127.0.0.1:{}", canary.port);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "inside::child_of_a_proxied_environment", "--ignored"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, &proxy);
    }
    let outcome = tokio::task::block_in_place(|| child.output()).unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(outcome.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(canary.touched().await, 0);
}

#[tokio::test]
#[ignore = "run by a31_no_proxy_of_the_environment_is_believed"]
async fn child_of_a_proxied_environment() {
    let upstream = Upstream::says(|_| reply(200, "", "direct")).await;
    let answer = outbound("", &Names::new(&[])).send(Request::get(upstream.url("/"), "test")).await.unwrap();
    assert_eq!(answer.body, "direct");
}

#[tokio::test]
async fn a31_a_setting_is_looked_at_before_anything_is_sent() {
    let out = outbound("", &Names::new(&[]));
    assert!(out.check("https://hooks.example/x").is_ok());
    for url in ["http://10.0.0.1/", "http://hooks.example:25/", "http://user@hooks.example/", "http://127.1/"]
    {
        assert!(matches!(out.check(url), Err(Error::Refused(_))), "{url}");
    }
}
