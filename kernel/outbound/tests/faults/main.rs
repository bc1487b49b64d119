//! With the guards planted out, the canaries are reached and the storm is one: the tests beside this one can fail.

#[path = "../names/mod.rs"]
mod names;

use names::{Names, outbound};
use outbound::Request;
use outbound::faults::{Fault, set};
use peers::{Canary, OUTSIDE, Upstream, reply};

/// One test, because a fault is planted in the whole process.
#[tokio::test]
async fn every_guard_is_needed() {
    let canary = Canary::listen().await;
    set(Fault::VetNothing, true);
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost"] {
        let _ = outbound("", &Names::new(&[]))
            .send(Request::get(format!("http://{host}:{}/", canary.port), "test"))
            .await;
    }
    set(Fault::VetNothing, false);
    assert!(canary.touched().await >= 3, "p18_a31_no_target_reaches_the_inside could not fail");

    let upstream = Upstream::says(|_| reply(200, "", "outside")).await;
    let canary = Canary::beside(&upstream).await;
    let names = Names::new(&[("turns.example", &[OUTSIDE]), ("turns.example", &["127.0.0.1"])]);
    let url = format!("http://turns.example:{}/", upstream.address.port());
    set(Fault::ResolveAgain, true);
    let _ = outbound("", &names).send(Request::get(url, "test")).await;
    set(Fault::ResolveAgain, false);
    assert_eq!(canary.touched().await, 1, "p18_a31_a_name_that_turns_inwards_is_pinned could not fail");

    let failing = Upstream::says(|_| reply(500, "", "")).await;
    let out = outbound("", &Names::new(&[]));
    set(Fault::RetryForEver, true);
    for _ in 0..20 {
        let _ = out.send(Request::get(failing.url("/"), "test").retries(2)).await;
    }
    set(Fault::RetryForEver, false);
    assert_eq!(failing.seen().len(), 60, "the tests of A34 could not fail");
}
