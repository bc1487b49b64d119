//! A31: nothing inside is reached, however it is written. Canaries listen on every address of this machine.

use std::time::Duration;

use outbound::{Error, Refusal, Request};

use crate::names::{Names, outbound};
use peers::{Canary, OUTSIDE, Upstream, reply};

/// `{p}` is the port of a canary that listens on every address of this machine.
const TARGETS: [&str; 82] = [
    "http://127.0.0.1:{p}/",
    "http://127.0.0.1.:{p}/",
    "http://127.1:{p}/",
    "http://127.0.1:{p}/",
    "http://0:{p}/",
    "http://0.0.0.0:{p}/",
    "http://0x7f000001:{p}/",
    "http://0x7f.0x0.0x0.0x1:{p}/",
    "http://017700000001:{p}/",
    "http://0177.0.0.1:{p}/",
    "http://2130706433:{p}/",
    "http://00000000177.0.0.1:{p}/",
    "http://127.0.0.1.0:{p}/",
    "http://127.127.127.127:{p}/",
    "http://127.0.0.3:{p}/",
    "http://[::]:{p}/",
    "http://[::1]:{p}/",
    "http://[0:0:0:0:0:0:0:1]:{p}/",
    "http://[0000::1]:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/",
    "http://[::ffff:7f00:1]:{p}/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{p}/",
    "http://[::127.0.0.1]:{p}/",
    "http://[::7f00:1]:{p}/",
    "http://[::ffff:0:127.0.0.1]:{p}/",
    "http://[64:ff9b::7f00:1]:{p}/",
    "http://[64:ff9b::127.0.0.1]:{p}/",
    "http://[64:ff9b:1::7f00:1]:{p}/",
    "http://[2002:7f00:1::]:{p}/",
    "http://[2001::7f00:1]:{p}/",
    "http://[fe80::1]:{p}/",
    "http://[fe80::1%25lo]:{p}/",
    "http://[fe80::1%lo]:{p}/",
    "http://[fec0::1]:{p}/",
    "http://[fd00::1]:{p}/",
    "http://[fc00::1]:{p}/",
    "http://[fd00:ec2::254]:{p}/",
    "http://[ff02::1]:{p}/",
    "http://[2001:db8::1]:{p}/",
    "http://10.0.0.1:{p}/",
    "http://172.16.0.1:{p}/",
    "http://192.168.0.1:{p}/",
    "http://100.64.0.1:{p}/",
    "http://100.100.100.200:{p}/",
    "http://169.254.169.254/",
    "http://169.254.169.254:{p}/latest/meta-data/",
    "http://169.254.170.2/v2/credentials",
    "http://192.0.0.192/",
    "http://168.63.129.16/",
    "http://198.18.0.1:{p}/",
    "http://192.0.2.1:{p}/",
    "http://224.0.0.1:{p}/",
    "http://255.255.255.255:{p}/",
    "http://240.0.0.1:{p}/",
    "http://localhost:{p}/",
    "http://LOCALHOST:{p}/",
    "http://localhost.:{p}/",
    "http://inside.example:{p}/",
    "http://both.example:{p}/",
    "http://mapped.example:{p}/",
    "http://six.example:{p}/",
    "http://metadata.google.internal/",
    "http://xn--lcalhost-9za.example:{p}/",
    "http://public.example@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}@public.example/",
    "http://user:pw@localhost:{p}/",
    "http://public.example\\@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}\\@public.example/",
    "http://127。0。0。1:{p}/",
    "http://①②⑦.⓪.⓪.①:{p}/",
    "http://löcalhost:{p}/",
    "http://%6c%6f%63alhost:{p}/",
    "http://127.0.0.1%00:{p}/",
    "http://127.0.0.1\t:{p}/",
    "http://127.0.0.1:{p}/\r\nHost: x",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{p}/_x",
    "ftp://127.0.0.1:{p}/",
    "unix:/run/mainstay.sock",
    "http://public.example:22/",
    "http://public.example:5432/",
    "http://public.example:6379/",
];

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
