//! The live socket against those who should not be there, and those who say too much.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use testkit::TestApp;
use tokio_tungstenite::tungstenite::Message;

use crate::house::{report, start, token};
use crate::sockets::{Node, Wire};

const CREATED: &str = "status_event.created";
const BAD: (u16, &str) = (4400, "bad_frame");

testkit::on_both! {
    async fn a10_a_socket_hears_nothing_of_another_workspace(engine: Engine) {
        let app = start(engine).await;
        let (owner, outsider) = (app.owner("Main").await, app.owner("Other").await);
        let (node, theirs) = (Node::of(&app).await, token(&app, &outsider.email).await);
        let foreign = report(&owner, "degraded").await.text("id");
        let topics = ["status", "status_events", &format!("status_events.{foreign}")];
        let mut wire = node.following(&theirs, &topics, true).await;
        for _ in topics {
            let snapshot = wire.hear_of("snapshot").await;
            assert_eq!((&snapshot["total"], &snapshot["present"][0]["principal"]), (&1.into(), &outsider.id.as_str().into()));
        }
        let mine = token(&app, &owner.email).await;
        let _there = node.following(&mine, &topics, true).await;
        report(&owner, "operational").await;
        let own = report(&outsider, "maintenance").await.text("id");
        loop {
            let heard = wire.hear().await;
            assert_eq!(heard["type"], "event", "{heard}");
            assert!(!heard.to_string().contains(&foreign));
            if heard["event"] == CREATED {
                assert_eq!(heard["subject"].as_str(), Some(own.as_str()));
                break;
            }
        }
    }

    async fn a10_cve_2026_30947_a_topic_is_for_those_who_may_read_of_it(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let node = Node::of(&app).await;
        let declared = app.app.systems().iter().flat_map(|system| system.events);
        let closed = declared.filter(|event| event.read.is_some_and(|read| read.as_str() != "events:read")).map(|event| event.kind.split('.').next().unwrap()).next().unwrap();
        let body = json!({"name": "a key", "permissions": ["events:read"]});
        let key = owner.post("/api/v1/auth/api-keys", body).await.expect(201).text("api_key");
        let mut wire = node.ask("", &[("x-api-key", &key)]).await.ok().unwrap();
        wire.say(json!({"type": "hello"})).await;
        assert_eq!(wire.hear().await["type"], "hello");
        wire.say(json!({"type": "subscribe", "topics": [closed, "nothing", "status"], "presence": true})).await;
        assert_eq!(wire.hear().await, json!({"type": "refused", "topic": closed, "code": "topic_not_allowed"}));
        assert_eq!(wire.hear().await, json!({"type": "refused", "topic": "nothing", "code": "topic_unknown"}));
        assert_eq!(wire.hear().await, json!({"type": "subscribed", "topics": ["status"]}));
        assert_eq!(wire.hear().await["topic"], "status");
        for (from, refused) in [(0, 0), (60, 21)] {
            let some: Vec<String> = (from..from + 60).map(|n| format!("status.ste_{n}")).collect();
            wire.say(json!({"type": "subscribe", "topics": some})).await;
            for _ in 0..refused {
                assert_eq!(wire.hear().await["code"], "too_many_topics");
            }
            assert_eq!(wire.hear().await["topics"].as_array().unwrap().len(), 60 - refused);
        }
        wire.say(json!({"type": "unsubscribe", "topics": vec!["x"; 101]})).await;
        is_bad(&mut wire, "more topics than there can be").await;
        let body = json!({"name": "a key", "permissions": ["status:read"]});
        let key = owner.post("/api/v1/auth/api-keys", body).await.expect(201).text("api_key");
        assert_eq!(node.ask("", &[("x-api-key", &key)]).await.err(), Some((403, "permission_needed".into())));
    }

    async fn a10_who_does_not_prove_himself_is_closed(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        assert_eq!(node.ask("", &[("authorization", "Bearer nothing")]).await.err().map(|(status, _)| status), Some(401));
        let both = [("authorization", "Bearer x"), ("x-api-key", "p.s")];
        assert_eq!(node.ask("", &both).await.err(), Some((400, "ambiguous_credentials".into())));
        for (hello, close) in [
            (json!({"type": "hello"}), 4401),
            (json!({"type": "hello", "token": "nothing"}), 4401),
            (json!({"type": "hello", "token": ""}), 4401),
            (json!({"type": "hello", "token": token, "workspace": other.workspace}), 4403),
        ] {
            let mut wire = node.ask("", &[]).await.ok().unwrap();
            wire.say(hello.clone()).await;
            assert_eq!(wire.closed().await.0, close, "{hello}");
        }
        // A second credential beside the first would be anybody's guess.
        let mut wire = node.open(&token).await;
        wire.say(json!({"type": "hello", "token": token})).await;
        assert_eq!(wire.closed().await.0, 4400);
        let mut silent = node.ask("", &[]).await.ok().unwrap();
        assert_eq!(silent.closed().await, (4401, "not_signed_in".into()));
    }

    async fn a10_a_credential_in_the_address_is_refused(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        for name in ["token", "access_token", "api_key", "authorization"] {
            let refused = node.ask(&format!("?{name}={token}"), &[]).await.err();
            assert_eq!(refused, Some((400, "bad_parameter".into())), "{name}");
        }
    }

    async fn a10_a_page_of_another_site_opens_nothing_with_a_cookie(engine: Engine) {
        let app = start(engine).await;
        let node = Node::of(&app).await;
        let cookie = ("cookie", "session=x");
        assert_eq!(node.ask("", &[cookie]).await.err(), Some((403, "origin_missing".into())));
        for evil in ["https://evil.test", "null", "http://127.0.0.1.evil.test", "http://127.0.0.1:1"] {
            assert_eq!(node.ask("", &[cookie, ("origin", evil)]).await.err(), Some((403, "cross_site".into())), "{evil}");
        }
        let own = format!("http://{}", node.addr);
        let mut wire = node.ask("", &[cookie, ("origin", &own)]).await.ok().unwrap();
        wire.say(json!({"type": "hello"})).await;
        assert_eq!(wire.closed().await.0, 4401);
    }

    async fn a10_a_session_of_a_browser_opens_a_socket_for_its_own_pages_only(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let node = Node::of(&app).await;
        let own = format!("http://{}", node.addr);
        let page = app.anonymous().with("host", "localhost").with("origin", "http://localhost");
        let body = json!({"email": owner.email, "password": "correct horse battery"});
        let signed_in = page.post("/api/v1/auth/session", body).await.expect(200);
        let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let cookie = ("cookie", cookie.as_str());
        for evil in ["https://evil.test", "null", "http://localhost:1"] {
            assert_eq!(node.ask("", &[cookie, ("origin", evil)]).await.err(), Some((403, "cross_site".into())), "{evil}");
        }
        assert_eq!(node.ask("", &[cookie]).await.err(), Some((403, "origin_missing".into())));
        for (hello, heard) in [
            (json!({"type": "hello"}), true),
            (json!({"type": "hello", "workspace": "main"}), true),
            (json!({"type": "hello", "workspace": other.workspace}), false),
        ] {
            let mut wire = node.ask("", &[cookie, ("origin", &own)]).await.ok().unwrap();
            wire.say(hello.clone()).await;
            if heard {
                assert_eq!(wire.hear().await["type"], "hello", "{hello}");
            } else {
                assert_eq!(wire.closed().await.0, 4403, "{hello}");
            }
        }
    }

    async fn what_is_no_handshake_gets_a_problem(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let plain = owner.get("/api/v1/live").await;
        assert_eq!((plain.status, plain.code().as_str()), (StatusCode::UPGRADE_REQUIRED, "upgrade_required"));
        assert_eq!(plain.headers["upgrade"], "websocket");
        app.anonymous().get("/api/v1/live").await.refused(401, "not_signed_in");
        // Asked for without a connection that could change over.
        let asked = owner.client.clone().with("connection", "Upgrade").with("upgrade", "websocket");
        asked.get("/api/v1/live").await.refused(400, "bad_handshake");
        let asked = asked.with("sec-websocket-version", "13");
        asked.clone().with("sec-websocket-key", "short").get("/api/v1/live").await.refused(400, "bad_handshake");
        asked.with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").get("/api/v1/live").await.refused(426, "upgrade_required");
    }

    async fn a10_a_bad_frame_ends_the_socket(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        for bad in ["", "x", "{}", r#"{"type":"subscribe","topics":[]}"#, r#"{"type":"hello","after":"evt_1"}"#, r#"{"type":"hello","more":1}"#] {
            let mut wire = node.open(&token).await;
            wire.send(Message::text(bad)).await;
            is_bad(&mut wire, bad).await;
        }
        for bad in [r#"{"type":"hello"}"#, r#"{"type":"subscribe"}"#, r#"{"type":"event"}"#, "[1]"] {
            let mut wire = node.greeted(&token).await;
            wire.send(Message::text(bad)).await;
            is_bad(&mut wire, bad).await;
        }
        let mut wire = node.greeted(&token).await;
        wire.send(Message::binary(&br#"{"type":"heartbeat"}"#[..])).await;
        is_bad(&mut wire, "binary").await;
    }

    async fn a36_frames_beyond_their_bounds_end_the_socket(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        let mut wire = node.greeted(&token).await;
        wire.send(Message::text("x".repeat(8 * 1024 + 1))).await;
        assert_eq!(wire.closed().await, (1009, "frame_too_large".into()));
        // A length that only the header claims: nothing is set aside for it.
        let mut wire = node.greeted(&token).await;
        wire.raw(&[0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).await;
        let code = wire.closed().await.0;
        assert!([1002, 1009].contains(&code), "{code}");
        // Not masked, a reserved bit as compression would set it, text that is no text.
        for (frame, code) in [(&[0x81, 0x01, b'x'][..], 1002), (&[0xc1, 0x81, 0, 0, 0, 0, b'x'], 1002), (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007)] {
            let mut wire = node.greeted(&token).await;
            wire.raw(frame).await;
            assert_eq!(wire.closed().await.0, code, "{frame:x?}");
        }
    }

    async fn a36_who_does_not_read_is_let_go(engine: Engine) {
        let settings = "[activity]\nmessages_per_second = 100000\n[identity]\npassword_memory_kib = 64\npassword_passes = 1\n";
        let app = TestApp::with(engine, vec![identity::system(), activity::system(), status::system()], settings).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        let mut wire = node.greeted(&token).await;
        let refused = json!({"type": "subscribe", "topics": vec!["nothing"; 100]}).to_string();
        let answers = async {
            // Each is answered with some kilobytes that nobody reads, until none is taken any more.
            while tokio::time::timeout(Duration::from_secs(5), wire.try_send(&refused)).await == Ok(true) {}
        };
        tokio::time::timeout(Duration::from_secs(40), answers).await.unwrap();
        for _ in 0..300 {
            if !app.app.tasks().running().contains(&"live socket") { return; }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a socket waits for ever for somebody who does not read");
    }

    async fn a36_floods_of_pings_messages_and_fragments_end_the_socket(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (node, token) = (Node::of(&app).await, token(&app, &owner.email).await);
        let ping = [0x89, 0x80, 0, 0, 0, 0];
        let beat = [&[0x81, 0x94, 0, 0, 0, 0][..], br#"{"type":"heartbeat"}"#].concat();
        for flood in [&ping[..], &beat] {
            let mut wire = node.greeted(&token).await;
            wire.raw(&flood.repeat(100)).await;
            assert_eq!(wire.closed().await, (1008, "too_many_frames".into()));
        }
        // A message that begins and never ends, with nothing in it.
        let mut wire = node.greeted(&token).await;
        wire.raw(&[0x01, 0x81, 0, 0, 0, 0, b'{']).await;
        wire.raw(&[0x00, 0x80, 0, 0, 0, 0].repeat(5_000)).await;
        assert_eq!(wire.closed().await, (1008, "too_many_frames".into()));
    }
}

async fn is_bad(wire: &mut Wire, what: &str) {
    let (code, reason) = wire.closed().await;
    assert_eq!((code, reason.as_str()), BAD, "{what}");
}
