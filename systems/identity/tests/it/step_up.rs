//! Proving again who one is, and workspaces that ask for a second factor.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use web::Fault;

use super::factors::{AUTH, owner_with_totp, sign_in, with_totp};
use super::{KEYS, ME, PASSWORD, SESSIONS, WORKSPACES, start};

const STEP_UP: &str = "/api/v1/auth/step-up";

/// Dangerous acts that anybody can try on himself.
const DANGEROUS: &[&str] = &[
    "/api/v1/auth/totp/enroll",
    "/api/v1/auth/totp/disable",
    "/api/v1/auth/totp/recovery-codes",
    "/api/v1/auth/passkeys/register/begin",
    "/api/v1/auth/sessions/revoke-others",
    "/api/v1/auth/logout-all",
];

testkit::on_both! {
    async fn a_dangerous_act_needs_a_fresh_proof(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        app.clock().advance(Duration::from_mins(10));
        for path in DANGEROUS {
            let answer = owner.post(*path, Value::Null).await;
            assert_eq!(answer.json()["max_age"], 600, "{path}");
            answer.refused(403, "step_up_required");
        }
        let _ = owner.get(ME).await.expect(200);
        owner.post(STEP_UP, json!({})).await.refused(422, "invalid");
        owner.post(STEP_UP, json!({"totp": "123456"})).await.refused(422, "invalid");
        owner.post(STEP_UP, json!({"password": "not the password"})).await.refused(401, "invalid_credentials");
        owner.post(DANGEROUS[4], Value::Null).await.refused(403, "step_up_required");
        let _ = owner.post(STEP_UP, json!({"password": PASSWORD})).await.expect(200);
        app.clock().advance(Duration::from_mins(4));
        let _ = owner.post(DANGEROUS[4], Value::Null).await.expect(200);
    }

    async fn what_a_stolen_session_must_not_do_alone_needs_one_too(engine: Engine) {
        let app = start(engine).await;
        let (owner, heir) = (app.owner("Main").await, app.member("Main").await);
        let admin = app.administrator().await;
        app.clock().advance(Duration::from_mins(10));
        let main = format!("{WORKSPACES}/{}", owner.workspace);
        let asks = [
            owner.post(KEYS, json!({"name": "thief", "permissions": ["status:read"]})).await,
            owner.post(format!("{main}/transfer"), json!({"person_id": heir.id})).await,
            owner.delete(&main).await,
            admin.delete(format!("/api/v1/people/{}", heir.id)).await,
            admin.post(format!("/api/v1/people/{}/reset-link", heir.id), Value::Null).await,
        ];
        for answer in asks {
            answer.refused(403, "step_up_required");
        }
    }

    async fn nobody_is_made_mighty_by_a_session_that_was_left_open(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        let main = format!("{WORKSPACES}/{}", owner.workspace);
        let heir = app.member("Main").await;
        let heir = format!("{main}/members/{}", heir.id);
        let operator = app.administrator().await;
        let mighty = owner.post(format!("{main}/roles"), json!({"name": "Recruiter", "permissions": ["members:manage"]}));
        let mighty = mighty.await.expect(201).text("id");
        let plain = owner.post(format!("{main}/roles"), json!({"name": "Reader", "permissions": ["members:read"]}));
        let plain = plain.await.expect(201).text("id");
        let invited = owner.post(format!("{main}/invitations"), json!({"email": "late@example.test", "role": "admin"}));
        let invited = invited.await.expect(201).text("id");
        let _ = owner.patch(&main, json!({"require_second_factor": true})).await.expect(200);
        let key = app.key(&owner, &["members:manage", "workspace:write"]).await;
        app.clock().advance(Duration::from_mins(10));
        let thief = [
            owner.patch(&heir, json!({"role": "owner"})).await,
            owner.patch(&heir, json!({"role": mighty})).await,
            owner.post(format!("{main}/invitations"), json!({"email": "new@example.test", "role": "admin"})).await,
            owner.post(format!("{main}/invitations/{invited}/resend"), Value::Null).await,
            owner.patch(format!("{main}/roles/{plain}"), json!({"permissions": ["members:manage"]})).await,
            owner.patch(&main, json!({"require_second_factor": false})).await,
            operator.patch(format!("/api/v1/installation/workspaces/{}", owner.workspace), json!({"require_second_factor": false})).await,
        ];
        for answer in thief {
            answer.refused(403, "step_up_required");
        }
        // What gives nobody more than daily work is done as ever.
        let _ = owner.patch(&heir, json!({"role": plain})).await.expect(200);
        let _ = owner.post(format!("{main}/invitations"), json!({"email": "new@example.test", "role": "member"})).await.expect(201);
        let _ = owner.patch(&main, json!({"name": "Main"})).await.expect(200);
        // A key gives what it holds itself; it does not open the door that people have to show a second factor at.
        let _ = key.patch(&heir, json!({"role": "viewer"})).await.expect(200);
        key.patch(&main, json!({"require_second_factor": false})).await.refused(403, "person_needed");
        let code = phone.code(app.clock().now());
        let _ = owner.post(STEP_UP, json!({"password": PASSWORD, "totp": code})).await.expect(200);
        let _ = owner.patch(&heir, json!({"role": "owner"})).await.expect(200);
        let _ = owner.patch(&main, json!({"require_second_factor": false})).await.expect(200);
    }

    async fn the_test_of_fresh_proofs_can_fail(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        app.clock().advance(Duration::from_mins(10));
        app.faults.plant(Fault::StaleProof);
        let answer = owner.post(DANGEROUS[4], Value::Null).await;
        assert_ne!(answer.code(), "step_up_required", "the planted fault was not seen");
    }

    async fn who_has_a_second_factor_shows_it_again(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, codes) = owner_with_totp(&app).await;
        app.clock().advance(Duration::from_mins(10));
        let wanted = owner.post(STEP_UP, json!({"password": PASSWORD})).await;
        assert_eq!(wanted.json()["methods"], json!(["totp", "recovery_code"]));
        wanted.refused(401, "second_factor_required");
        let code = phone.code(app.clock().now());
        owner.post(STEP_UP, json!({"totp": code})).await.refused(422, "invalid");
        owner.post(STEP_UP, json!({"password": "not the password", "totp": code})).await.refused(401, "invalid_credentials");
        let _ = owner.post(STEP_UP, json!({"password": PASSWORD, "totp": code})).await.expect(200);
        owner.post(STEP_UP, json!({"password": PASSWORD, "totp": code})).await.refused(401, "second_factor_invalid");
        let _ = owner.post(STEP_UP, json!({"password": PASSWORD, "totp": codes[0]})).await.expect(200);
        let page = owner.get(SESSIONS).await.expect(200).json();
        assert_eq!(page["items"][0]["methods"], json!(["password", "recovery_code"]));
        let _ = owner.post(DANGEROUS[1], Value::Null).await.expect(200);
    }

    async fn a_proof_of_a_clock_that_was_ahead_does_not_count(engine: Engine) {
        let app = start(engine).await;
        let started = app.clock().now();
        app.clock().advance(Duration::from_hours(31 * 24));
        let owner = app.owner("Main").await;
        app.clock().set(started.plus(Duration::from_hours(31 * 24 - 2)));
        let answer = owner.post(DANGEROUS[4], Value::Null).await;
        // Its access token is of the future as well; whichever speaks first, nothing happens.
        assert!(matches!(answer.status.as_u16(), 401 | 403), "{}", answer.json());
    }

    async fn a_key_proves_nothing_about_a_person(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Main").await;
        let key = app.key(&owner, &["workspace:read"]).await;
        for path in DANGEROUS.iter().chain([&STEP_UP]) {
            key.post(*path, json!({"password": PASSWORD})).await.refused(403, "person_needed");
        }
    }

    async fn a_new_key_needs_a_fresh_proof(engine: Engine) {
        let app = start(engine).await;
        let operator = app.administrator().await;
        app.clock().advance(Duration::from_mins(10));
        let make = |all: bool| {
            let body = json!({"name": "k", "permissions": ["workspace:read"], "all_workspaces": all});
            operator.post(KEYS, body)
        };
        for all in [false, true] {
            make(all).await.refused(403, "step_up_required");
        }
        let _ = operator.post(STEP_UP, json!({"password": PASSWORD})).await.expect(200);
        for all in [false, true] {
            let _ = make(all).await.expect(201);
        }
    }

    async fn a_workspace_can_ask_for_a_second_factor(engine: Engine) {
        let app = start(engine).await;
        let (owner, phone, _) = owner_with_totp(&app).await;
        let member = app.member("Main").await;
        let path = format!("{WORKSPACES}/{}", owner.workspace);
        let plain = app.owner("Main").await;
        plain.patch(&path, json!({"require_second_factor": true})).await.refused(403, "second_factor_needed");
        let workspace = owner.patch(&path, json!({"require_second_factor": true})).await.expect(200).json();
        assert_eq!(workspace["require_second_factor"], true);
        // In by neither door: the address, the header, the default. Others see what is theirs.
        app.clock().advance(Duration::from_secs(1));
        member.get(&path).await.refused(403, "second_factor_needed");
        member.get(format!("{path}/members")).await.refused(403, "second_factor_needed");
        let body = json!({"name": "k", "permissions": ["workspace:read"]});
        member.post(KEYS, body).await.refused(403, "second_factor_needed");
        member.get(KEYS).await.refused(403, "second_factor_needed");
        let me = member.get(ME).await.expect(200).json();
        assert!(me["workspace_id"].is_null() && me["memberships"][0]["require_second_factor"] == true, "{me}");
        let _ = owner.get(&path).await.expect(200);
        // With a factor of one's own the same session is in at once, and so is the next.
        with_totp(&app, &member).await;
        let _ = member.get(&path).await.expect(200);
        let pair = sign_in(&app, &owner.email, &[("totp", &phone.code(app.clock().now()))]).await.expect(200);
        let _ = app.anonymous().bearer(&pair.text("access_token")).get(&path).await.expect(200);
    }

    async fn a_factor_that_was_taken_off_again_opens_nothing_that_asks_for_one(engine: Engine) {
        let app = start(engine).await;
        let (owner, ..) = owner_with_totp(&app).await;
        let member = app.member("Main").await;
        let path = format!("{WORKSPACES}/{}", owner.workspace);
        let _ = owner.patch(&path, json!({"require_second_factor": true})).await.expect(200);
        with_totp(&app, &member).await;
        let _ = member.get(&path).await.expect(200);
        let _ = member.post(DANGEROUS[1], Value::Null).await.expect(200);
        member.get(&path).await.refused(403, "second_factor_needed");
        let page = member.get(SESSIONS).await.expect(200).json();
        assert!(page["items"][0]["second_factor_at"].is_null(), "{page}");
        with_totp(&app, &member).await;
        let _ = member.get(&path).await.expect(200);
    }

    async fn p15_the_test_of_required_factors_can_fail(engine: Engine) {
        let app = start(engine).await;
        let (owner, ..) = owner_with_totp(&app).await;
        let member = app.member("Main").await;
        let path = format!("{WORKSPACES}/{}", owner.workspace);
        let _ = owner.patch(&path, json!({"require_second_factor": true})).await.expect(200);
        app.faults.plant(Fault::NoFactorAsked);
        app.clock().advance(Duration::from_secs(1));
        let answer = member.ask(Method::GET, &path).send().await;
        assert_ne!(answer.code(), "second_factor_needed", "the planted fault was not seen");
    }
}

#[test]
fn the_paths_are_of_this_house() {
    assert!(DANGEROUS.iter().all(|path| path.starts_with(AUTH)));
}
