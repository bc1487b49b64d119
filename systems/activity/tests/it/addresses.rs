//! Another address for a webhook: what may be told there, what goes along, and what an answer of the old one counts for.

use std::time::Duration;

use peers::{Upstream, reply};
use serde_json::{Value, json};

use crate::house::{report, start_open, until};
use crate::webhooks::{WEBHOOKS, deliveries};

const TOLD: &str = "status_event.created";
const HIDDEN: &str = "workspace.updated";

fn hook(upstream: &Upstream) -> Value {
    json!({"url": upstream.url("/in"), "types": ["*"], "headers": {"X-Tenant": "sesame-sesame"}})
}

testkit::on_both! {
    async fn whoever_sets_the_address_gets_neither_what_they_may_not_read_nor_the_headers_of_another(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let key = app.key(&owner, &["webhooks:manage"]).await;
        let (first, second) = (Upstream::says(|_| reply(204, "", "")).await, Upstream::says(|_| reply(204, "", "")).await);
        let path = format!("{WEBHOOKS}/{}", owner.post(WEBHOOKS, hook(&first)).await.expect(201).text("id"));
        let moved = key.patch(&path, json!({"url": second.url("/in")})).await.expect(200).json();
        assert_eq!(moved["header_names"], json!([]));
        app.work().await;
        owner.patch(format!("/api/v1/workspaces/{}", owner.workspace), json!({"name": "New"})).await.expect(200);
        report(&owner, "degraded").await;
        let told = until("a status event", async || Some(second.seen().concat()).filter(|told| told.contains(TOLD))).await;
        assert!(!told.contains(HIDDEN) && !told.contains("sesame"), "{told}");
        assert!(first.seen().is_empty());
    }

    async fn headers_stay_for_the_same_server_and_those_that_are_sent_count_for_another(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let (first, second) = (Upstream::says(|_| reply(204, "", "")).await, Upstream::says(|_| reply(204, "", "")).await);
        let path = format!("{WEBHOOKS}/{}", owner.post(WEBHOOKS, hook(&first)).await.expect(201).text("id"));
        let stayed = owner.patch(&path, json!({"url": first.url("/other")})).await.expect(200).json();
        assert_eq!(stayed["header_names"], json!(["X-Tenant"]));
        let patch = json!({"url": second.url("/"), "headers": {"X-New": "poppy-poppy"}});
        let moved = owner.patch(&path, patch).await.expect(200).json();
        assert_eq!(moved["header_names"], json!(["X-New"]));
        app.work().await;
        report(&owner, "degraded").await;
        let told = until("a status event", async || Some(second.seen().concat()).filter(|told| told.contains(TOLD))).await;
        assert!(told.contains("poppy-poppy") && !told.contains("sesame"), "{told}");
    }

    async fn what_was_waiting_for_the_old_address_is_weighed_again_for_the_new_one(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let key = app.key(&owner, &["webhooks:manage"]).await;
        let (first, second) = (Upstream::says(|_| reply(503, "", "")).await, Upstream::says(|_| reply(204, "", "")).await);
        let id = owner.post(WEBHOOKS, hook(&first)).await.expect(201).text("id");
        app.work().await;
        owner.patch(format!("/api/v1/workspaces/{}", owner.workspace), json!({"name": "New"})).await.expect(200);
        let hidden = async |attempts: i64, state: &str| {
            until(&format!("{HIDDEN} is {state}"), async || {
                let mut all = deliveries(&owner, &id).await.into_iter();
                all.find(|one| one["type"] == HIDDEN && one["attempts"] == attempts && one["state"] == state)
            })
            .await
        };
        hidden(1, "queued").await;
        key.patch(format!("{WEBHOOKS}/{id}"), json!({"url": second.url("/in")})).await.expect(200);
        app.clock().advance(Duration::from_secs(15));
        let given_up = hidden(1, "failed").await;
        assert!(given_up["error"].as_str().unwrap().starts_with("not_permitted"), "{given_up}");
        assert!(!second.seen().concat().contains(HIDDEN));
    }
}
