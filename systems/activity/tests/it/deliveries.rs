//! What webhooks are sent: signed, tried again, bounded, and to nobody else.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use peers::{Canary, TARGETS, Upstream, reply};
use serde_json::{Value, json};
use tasks::Stopwatch;
use tokio::io::AsyncWriteExt as _;
use web::Fault;

use crate::house::{report, start_open, until};
use crate::webhooks::{WEBHOOKS, deliveries, hook, sheet, to_this_day};

const TOLD: &str = "status_event.created";

/// A request as it arrived: its headers, and its body.
fn read(request: &str) -> (HashMap<String, String>, Value) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    (headers, serde_json::from_str(body).unwrap())
}

/// What somebody on the way might do to it.
type Change = fn(&mut HashMap<String, String>, &mut String);

/// What the library of Standard Webhooks says of a request.
fn verified(
    request: &str,
    secret: &str,
    change: impl FnOnce(&mut HashMap<String, String>, &mut String),
) -> String {
    let (mut headers, _) = read(request);
    let mut body = request.split_once("\r\n\r\n").unwrap().1.to_owned();
    change(&mut headers, &mut body);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/verify.py");
    let child =
        Command::new(peers::python()).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let sent = json!({"secret": secret, "headers": headers, "body": body});
    child.stdin.take().unwrap().write_all(sent.to_string().as_bytes()).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(!said.is_empty(), "standardwebhooks is not there: run scripts/setup.sh");
    said.trim().to_owned()
}

async fn seen(upstream: &Upstream, count: usize) -> Vec<String> {
    until(&format!("{count} requests"), async || Some(upstream.seen()).filter(|seen| seen.len() >= count))
        .await
}

testkit::on_both! {
    async fn what_happens_is_told_thinly_and_logged(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let upstream = Upstream::says(|_| reply(200, "x-theirs: yes\r\nset-cookie: a=b\r\n", "thanks, sesame-sesame")).await;
        let url = upstream.url("/in?token=t");
        let full = json!({"url": url, "types": [TOLD], "headers": {"X-Tenant": "sesame-sesame"}});
        let id = owner.post(WEBHOOKS, full).await.expect(201).text("id");
        app.work().await;
        let reported = report(&owner, "degraded").await.text("id");
        let (headers, body) = read(&seen(&upstream, 1).await[0]);
        assert_eq!((body["type"].as_str(), body["data"]["subject"].as_str()), (Some(TOLD), Some(reported.as_str())));
        assert!(body["timestamp"].is_string() && body["data"]["event_id"].as_str().unwrap().starts_with("evt_"));
        assert!(!body.to_string().contains("degraded"), "it says what happened, not what it says: {body}");
        assert_eq!((headers["x-tenant"].as_str(), headers["content-type"].as_str()), ("sesame-sesame", "application/json"));
        assert!(headers["traceparent"].len() == 55 && headers["webhook-id"].starts_with("whd_"));
        let delivered = until("it is delivered", async || {
            deliveries(&owner, &id).await.into_iter().find(|one| one["state"] == "delivered")
        })
        .await;
        assert_eq!((delivered["id"].as_str(), &delivered["status"]), (Some(headers["webhook-id"].as_str()), &200.into()));
        let sheet = sheet(&owner, &id, &delivered).await;
        let log = &sheet["log"][0];
        assert_eq!((&log["answer_headers"]["x-theirs"], &log["answer_headers"]["set-cookie"]), (&"yes".into(), &"…".into()));
        assert_eq!((&log["answer_body"], &log["request_headers"]["x-tenant"]), (&"thanks, …".into(), &"…".into()));
        assert!(!sheet.to_string().contains("sesame") && !sheet.to_string().contains(&headers["webhook-signature"]), "{sheet}");
    }

    async fn a33_an_independent_library_believes_it_and_nothing_that_was_changed(engine: Engine) {
        let app = start_open(engine, "").await;
        to_this_day(&app);
        let owner = app.owner("Main").await;
        let upstream = Upstream::says(|_| reply(204, "", "")).await;
        let (_, secret) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        let request = seen(&upstream, 1).await.remove(0);
        assert_eq!(verified(&request, &secret, |_, _| {}), "verified");
        let changes: [Change; 4] = [
            |_, body| body.push(' '),
            |headers, _| { headers.insert("webhook-id".into(), "whd_other".into()); },
            |headers, _| { let at = headers["webhook-timestamp"].parse::<i64>().unwrap() + 1; headers.insert("webhook-timestamp".into(), at.to_string()); },
            |headers, _| { headers.insert("webhook-timestamp".into(), "1614265330".into()); },
        ];
        for change in changes {
            assert!(verified(&request, &secret, change).starts_with("refused"));
        }
        app.faults.plant(Fault::TimelessSignature);
        report(&owner, "operational").await;
        let request = seen(&upstream, 2).await.remove(1);
        assert!(verified(&request, &secret, |_, _| {}).starts_with("refused"), "the planted fault was not seen");
    }

    async fn a33_the_old_secret_is_good_for_a_day(engine: Engine) {
        let app = start_open(engine, "").await;
        to_this_day(&app);
        let owner = app.owner("Main").await;
        let upstream = Upstream::says(|_| reply(204, "", "")).await;
        let (id, old) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        let rotated = owner.post(format!("{WEBHOOKS}/{id}/rotate-secret"), json!({})).await.expect(201).text("secret");
        app.work().await;
        report(&owner, "degraded").await;
        let request = seen(&upstream, 1).await.remove(0);
        for secret in [&old, &rotated] {
            assert_eq!(verified(&request, secret, |_, _| {}), "verified");
        }
        app.clock().advance(Duration::from_hours(24));
        let token = crate::house::token(&app, &owner.email).await;
        report(&app.anonymous().bearer(&token), "operational").await;
        let (headers, _) = read(&seen(&upstream, 2).await[1]);
        assert!(!headers["webhook-signature"].contains(' '), "{headers:?}");
    }

    async fn p15_nobody_is_told_of_another_workspace(engine: Engine) {
        for broken in [false, true] {
            let app = start_open(engine, "").await;
            let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
            let theirs = Upstream::says(|_| reply(204, "", "")).await;
            hook(&other, &theirs.url("/"), &["*"]).await;
            if broken {
                app.faults.plant(Fault::OpenWebhooks);
            }
            let hidden = report(&owner, "degraded").await.text("id");
            let own = report(&other, "degraded").await.text("id");
            app.work().await;
            // Deliveries come in any order: of the planted fault the hidden one is waited for as well.
            let all = |told: &String| told.contains(&own) && (!broken || told.contains(&hidden));
            let told = until("it is told", async || Some(theirs.seen().concat()).filter(all)).await;
            assert_eq!(told.contains(&hidden), broken, "{told}");
        }
    }

    async fn a_key_that_may_not_read_it_is_not_told_by_a_star(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let key = app.key(&owner, &["webhooks:manage"]).await;
        let upstream = Upstream::says(|_| reply(204, "", "")).await;
        hook(&key, &upstream.url("/"), &["*"]).await;
        app.work().await;
        owner.patch(format!("/api/v1/workspaces/{}", owner.workspace), json!({"name": "New"})).await.expect(200);
        app.key(&owner, &["status:read"]).await;
        report(&owner, "degraded").await;
        let told = until("a status event", async || Some(upstream.seen().concat()).filter(|told| told.contains(TOLD))).await;
        assert!(!told.contains("workspace.updated") && !told.contains("api_key.created"), "{told}");
    }

    async fn p18_a31_no_webhook_reaches_the_inside(engine: Engine) {
        let app = start_open(engine, "[webhooks]\nper_workspace = 200\ntimeout = \"2s\"\n").await;
        let owner = app.owner("Main").await;
        let canary = Canary::listen().await;
        let mut made = Vec::new();
        for target in TARGETS {
            let url = target.replace("{p}", &canary.port.to_string());
            let answer = owner.post(WEBHOOKS, json!({"url": url, "types": ["*"]})).await;
            match answer.status.as_u16() {
                201 => made.push(answer.text("id")),
                422 => {}
                other => panic!("{url}: {other}"),
            }
        }
        assert!(TARGETS.len() >= 60 && made.len() >= 3, "names are looked up when something is sent: {}", made.len());
        // And where a server outside sends it on to.
        let port = canary.port;
        let moved = Upstream::says(move |_| reply(302, &format!("location: http://127.0.0.1:{port}/\r\n"), "")).await;
        made.push(hook(&owner, &moved.url("/"), &["*"]).await.0);
        app.work().await;
        for id in &made {
            owner.post(format!("{WEBHOOKS}/{id}/test"), json!({})).await.expect(200);
        }
        for id in &made {
            until("it was given up", async || deliveries(&owner, id).await.into_iter().find(|one| one["state"] == "failed" && one["type"] == "webhook.test")).await;
        }
        assert_eq!(canary.touched().await, 0);
    }

    async fn a32_servers_that_are_slow_or_endless_cost_a_bounded_time(engine: Engine) {
        let app = start_open(engine, "[webhooks]\ntimeout = \"1s\"\n").await;
        let owner = app.owner("Main").await;
        let silent = Upstream::does(|stream, _| async move {
            tokio::time::sleep(Duration::from_mins(1)).await;
            drop(stream);
        })
        .await;
        let endless = Upstream::does(|mut stream, _| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
            while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
        })
        .await;
        app.work().await;
        let watch = Stopwatch::start();
        for (upstream, code) in [(&silent, "outbound_timeout"), (&endless, "outbound_too_large")] {
            let (id, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
            owner.post(format!("{WEBHOOKS}/{id}/test"), json!({})).await.expect(200);
            let failed = until("it failed", async || deliveries(&owner, &id).await.into_iter().find(|one| one["state"] == "failed")).await;
            assert!(failed["error"].as_str().unwrap().starts_with(code), "{failed}");
        }
        assert!(watch.elapsed() < Duration::from_secs(10), "{:?}", watch.elapsed());
    }

    async fn a34_a_failing_server_is_asked_ever_less_often_and_its_pauses_are_obeyed(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let upstream = Upstream::says(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
            0 => reply(500, "", "broken"),
            1 => reply(429, "retry-after: 99999999999\r\n", ""),
            _ => reply(200, "", ""),
        })
        .await;
        let (id, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        let attempts = async |count: i64| {
            until(&format!("{count} attempts"), async || {
                deliveries(&owner, &id).await.into_iter().find(|one| one["attempts"] == count)
            })
            .await
        };
        let first = attempts(1).await;
        assert_eq!((&first["state"], &first["status"]), (&"queued".into(), &500.into()));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(upstream.seen().len(), 1, "not before ten seconds have passed");
        app.clock().advance(Duration::from_secs(13));
        let second = attempts(2).await;
        assert_eq!((&second["state"], &second["status"]), (&"queued".into(), &429.into()));
        app.clock().advance(Duration::from_mins(2));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(upstream.seen().len(), 2, "it asked for a pause: five minutes are obeyed, an age is not");
    }

    async fn p21_a34_a_workspace_whose_servers_all_fail_delays_no_other(engine: Engine) {
        let app = start_open(engine, "[webhooks]\ntimeout = \"5s\"\n").await;
        let (noisy, quiet) = (app.owner("Noisy").await, app.owner("Quiet").await);
        let mut silent = Vec::new();
        for _ in 0..10 {
            let upstream = Upstream::does(|stream, _| async move {
                tokio::time::sleep(Duration::from_mins(1)).await;
                drop(stream);
            })
            .await;
            hook(&noisy, &upstream.url("/"), &["*"]).await;
            silent.push(upstream);
        }
        let well = Upstream::says(|_| reply(204, "", "")).await;
        hook(&quiet, &well.url("/"), &[TOLD]).await;
        app.work().await;
        for _ in 0..20 {
            report(&noisy, "degraded").await;
        }
        until("the storm has begun", async || silent.iter().any(|one| !one.seen().is_empty()).then_some(())).await;
        let watch = Stopwatch::start();
        for n in 1..=10 {
            report(&quiet, if n % 2 == 0 { "degraded" } else { "operational" }).await;
            seen(&well, n).await;
        }
        assert!(watch.elapsed() < Duration::from_secs(4), "{:?} for ten deliveries in the storm", watch.elapsed());
        assert!(silent.iter().map(Upstream::most).sum::<usize>() <= 8, "one workspace holds eight places at most");
    }

    async fn a_server_that_wants_no_more_is_switched_off_and_its_owners_are_written_to(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let upstream = Upstream::says(|_| reply(410, "", "")).await;
        let (id, _) = hook(&owner, &upstream.url("/secret-path"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        let off = until("it is off", async || {
            // The next attempt may have been put off by the clock from before or from after its leap.
            app.clock().advance(Duration::from_secs(1));
            Some(owner.get(format!("{WEBHOOKS}/{id}")).await.expect(200).json()).filter(|one| one["state"] == "switched_off")
        })
        .await;
        assert_eq!(off["reason"], "gone");
        let mail = until("a mail", async || app.app.mailer().shown().into_iter().next()).await;
        let text = format!("{mail:?}");
        assert!(text.contains(&owner.email) && text.contains("127.0.0.2") && !text.contains("secret-path"), "{text}");
        let timeline = owner.get(format!("{WEBHOOKS}/{id}/events")).await.expect(200).json().to_string();
        assert!(timeline.contains("webhook.switched_off") && timeline.contains("gone"), "{timeline}");
        // Nothing more is told, until somebody enables it again.
        report(&owner, "operational").await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(upstream.seen().len(), 1);
        owner.post(format!("{WEBHOOKS}/{id}/enable"), json!({})).await.expect(200);
        report(&owner, "degraded").await;
        seen(&upstream, 2).await;
    }

    async fn days_of_failure_switch_it_off(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let upstream = Upstream::says(|_| reply(500, "", "")).await;
        let (id, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        until("a first failure", async || deliveries(&owner, &id).await.into_iter().find(|one| one["attempts"] == 1)).await;
        app.clock().advance(Duration::from_hours(24 * 5 + 1));
        let token = crate::house::token(&app, &owner.email).await;
        let reader = app.anonymous().bearer(&token);
        let off = until("it is off", async || {
            Some(reader.get(format!("{WEBHOOKS}/{id}")).await.expect(200).json()).filter(|one| one["state"] == "switched_off")
        })
        .await;
        assert_eq!(off["reason"], "failing");
        until("it is given up", async || deliveries(&reader, &id).await.into_iter().find(|one| one["state"] == "failed")).await;
        until("a mail", async || app.app.mailer().shown().into_iter().next()).await;
    }

    async fn a_test_that_fails_does_not_begin_the_days_of_failure(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let upstream = Upstream::says(|_| reply(500, "", "")).await;
        let (id, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        let failing = async || owner.get(format!("{WEBHOOKS}/{id}")).await.expect(200).json()["failing_since"].clone();
        owner.post(format!("{WEBHOOKS}/{id}/test"), json!({})).await.expect(200);
        until("the test failed", async || deliveries(&owner, &id).await.into_iter().find(|one| one["state"] == "failed")).await;
        assert_eq!(failing().await, Value::Null);
        report(&owner, "degraded").await;
        until("an event failed", async || deliveries(&owner, &id).await.into_iter().find(|one| one["type"] == TOLD && one["attempts"] == 1)).await;
        assert!(failing().await.is_string());
    }

    async fn what_failed_is_sent_once_more_under_the_same_id(engine: Engine) {
        let app = start_open(engine, "").await;
        let owner = app.owner("Main").await;
        let well = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let now_well = Arc::clone(&well);
        let upstream = Upstream::says(move |_| reply(if now_well.load(Ordering::SeqCst) { 200 } else { 503 }, "", "")).await;
        let (id, _) = hook(&owner, &upstream.url("/"), &[TOLD]).await;
        app.work().await;
        report(&owner, "degraded").await;
        let waiting = until("a failure", async || deliveries(&owner, &id).await.into_iter().find(|one| one["attempts"] == 1)).await;
        let path = format!("{WEBHOOKS}/{id}/deliveries/{}", waiting["id"].as_str().unwrap());
        owner.post(format!("{path}/replay"), json!({})).await.refused(409, "delivery_pending");
        well.store(true, Ordering::SeqCst);
        app.clock().advance(Duration::from_secs(15));
        until("it arrived", async || deliveries(&owner, &id).await.into_iter().find(|one| one["state"] == "delivered")).await;
        owner.post(format!("{path}/replay"), json!({})).await.expect(200);
        let requests = seen(&upstream, 3).await;
        let ids: Vec<_> = requests.iter().map(|request| read(request).0["webhook-id"].clone()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        owner.patch(format!("{WEBHOOKS}/{id}"), json!({"enabled": false})).await.expect(200);
        until("it arrived again", async || deliveries(&owner, &id).await.into_iter().find(|one| one["state"] == "delivered")).await;
        owner.post(format!("{path}/replay"), json!({})).await.refused(409, "webhook_off");
        // A test goes there all the same.
        owner.post(format!("{WEBHOOKS}/{id}/test"), json!({})).await.expect(200);
        let test = read(&seen(&upstream, 4).await[3]);
        assert_eq!(test.1["type"], "webhook.test");
    }
}
