//! Who asks, and where.

use std::time::Duration;

use serde_json::json;

use testkit::Engine;
use web::Fault;

use super::{KEYS, ME, WORKSPACES, pair, start};

testkit::on_both! {
    async fn a03_the_header_chooses_among_ones_own(engine: Engine) {
        let app = start(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let at = |wanted: &str| owner.client.clone().with("x-workspace-id", wanted);
        for own in ["main", &owner.workspace] {
            assert_eq!(at(own).get(ME).await.expect(200).text("workspace_id"), owner.workspace);
        }
        for not in ["other", &other.workspace, "none", "wsp_01j00000000000000000000000", "", "' OR 1=1"] {
            at(not).get(ME).await.refused(403, "workspace_access_denied");
        }
        let text = owner.post(KEYS, json!({"name": "k", "permissions": ["workspace:read"]})).await.expect(201).text("api_key");
        let key = |wanted: &str| app.anonymous().with("x-api-key", &text).with("x-workspace-id", wanted);
        let _ = key("main").get(ME).await.expect(200);
        for not in ["other", &other.workspace, "none"] {
            key(not).get(ME).await.refused(403, "workspace_mismatch");
        }
    }

    async fn p17_a_suspension_counts_within_a_second(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let _ = owner.get(ME).await.expect(200);
        // As another node would do it: past this node's memory.
        identity::admin::set_status(app.db(), &owner.email, identity::Status::Deactivated).await.expect("a suspension");
        app.clock().advance(Duration::from_secs(1));
        owner.get(ME).await.refused(401, "token_invalid");
    }

    async fn an_access_token_expires(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (access, _) = pair(&app, &owner.email).await;
        let client = app.anonymous().bearer(&access);
        let _ = client.get(ME).await.expect(200);
        app.clock().advance(Duration::from_secs(899));
        let _ = client.get(ME).await.expect(200);
        app.clock().advance(Duration::from_secs(1));
        client.get(ME).await.refused(401, "token_expired");
    }

    async fn a12_what_is_no_token_is_refused(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let (access, refresh) = pair(&app, &owner.email).await;
        let (signed, signature) = access.rsplit_once('.').expect("three parts");
        let (header, payload) = signed.split_once('.').expect("three parts");
        let none = "eyJhbGciOiJub25lIn0";
        for wrong in [
            format!("{none}.{payload}."),
            format!("{none}.{payload}.{signature}"),
            format!("{header}.{payload}."),
            format!("{header}.{payload}.{}", "A".repeat(86)),
            refresh,
            "x".repeat(5000),
        ] {
            app.anonymous().bearer(&wrong).get(ME).await.refused(401, "token_invalid");
        }
    }
}

/// Whether everything that was taken away on one node is gone on the other a second later.
async fn revoked_elsewhere(fault: Option<Fault>) -> bool {
    let app = start(Engine::Postgres).await;
    let other = app.beside(None).await;
    if let Some(fault) = fault {
        other.faults.plant(fault);
    }
    let people =
        [app.owner("Main").await, app.owner("Main").await, app.owner("Main").await, app.owner("Main").await];
    let page = app.anonymous().with("host", "localhost").with("origin", "http://localhost");
    let body = json!({"email": people[3].email, "password": crate::PASSWORD});
    let signed_in = page.post("/api/v1/auth/session", body).await.expect(200);
    let cookie = signed_in.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie");
    let made =
        people[1].post(KEYS, json!({"name": "k", "permissions": ["workspace:read"]})).await.expect(201);
    let there = [
        other.anonymous().bearer(&people[0].bearer_token()),
        other.anonymous().with("x-api-key", &made.text("api_key")),
        other.anonymous().bearer(&people[2].bearer_token()),
        other.anonymous().with("cookie", cookie).with("host", "localhost"),
    ];
    for client in &there {
        let _ = client.get(WORKSPACES).await.expect(200);
    }
    let _ = people[0].post("/api/v1/auth/logout", json!({})).await.expect(200);
    let _ = people[1].delete(format!("{KEYS}/{}", made.text("id"))).await.expect(204);
    let _ = people[3].post("/api/v1/auth/logout-all", json!({})).await.expect(200);
    identity::admin::set_status(app.db(), &people[2].email, identity::Status::Deactivated)
        .await
        .expect("a suspension");
    app.clock().advance(Duration::from_secs(1));
    let mut all = true;
    for client in &there {
        all &= client.get(WORKSPACES).await.status == 401;
    }
    all
}

#[test]
fn p17_what_is_taken_away_is_gone_on_the_other_node_within_a_second() {
    testkit::block_on(async { assert!(revoked_elsewhere(None).await, "somebody was still let in") });
}

#[test]
fn p17_the_test_of_revocation_can_fail() {
    testkit::block_on(async {
        assert!(!revoked_elsewhere(Some(Fault::OldStanding)).await, "the planted fault was not seen");
    });
}
