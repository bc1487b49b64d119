//! With the guards of the way out planted out, webhooks reach the inside: the test of P18 beside this one can fail.

#![allow(clippy::unwrap_used, reason = "a test ends where something is wrong")]
#![allow(clippy::disallowed_methods, reason = "a test has no task group")]

use std::time::Duration;

use outbound::faults::{Fault, set};
use peers::Canary;
use serde_json::json;
use testkit::{Engine, TestApp};

const SETTINGS: &str = "mode = \"development\"\n[identity]\npassword_memory_kib = 64\npassword_passes = 1\n";

/// One test, because a fault is planted in the whole process.
#[test]
fn p18_the_test_of_the_inside_can_fail() {
    testkit::block_on(async {
        let systems = vec![identity::system(), activity::system()];
        let app = TestApp::with(Engine::Sqlite, systems, SETTINGS).await;
        let owner = app.owner("Main").await;
        let canary = Canary::listen().await;
        app.work().await;
        set(Fault::VetNothing, true);
        // A name: what is written as an address is refused when the webhook is made.
        let hook = json!({"url": format!("http://localhost:{}/", canary.port), "types": ["*"]});
        let id = owner.post("/api/v1/webhooks", hook).await.expect(201).text("id");
        owner.post(format!("/api/v1/webhooks/{id}/test"), json!({})).await.expect(200);
        for _ in 0..300 {
            if canary.touched().await > 0 {
                set(Fault::VetNothing, false);
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("p18_a31_no_webhook_reaches_the_inside could not fail");
    });
}
