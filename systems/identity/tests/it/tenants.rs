//! Nobody learns of another workspace's things, or of another person's.

use std::collections::HashMap;

use serde_json::json;
use testkit::matrix::{Fixture, Stranger, try_all};

use super::passkeys::{Device, PASSKEYS, PUBLIC, start_at};
use super::sso::{IDENTITIES, PROVIDERS, linked};
use super::{KEYS, SESSIONS, WORKSPACES};

const ACCOUNTS: &str = "/api/v1/service-accounts";
const NONE: &str = "01j00000000000000000000000";

testkit::on_both! {
    async fn p15_a01_no_stranger_learns_of_a_thing(engine: Engine) {
        let app = start_at(engine, PUBLIC).await;
        let owner = app.owner("Hidden").await;
        let made = Device::new().register(&app, &owner).await.expect(201);
        let passkey = format!("{PASSKEYS}/{}", made.text("id"));
        let factors_of = |person: &str| format!("/api/v1/people/{person}/second-factors");
        let member = app.member("Hidden").await;
        let body = json!({"name": "k", "permissions": ["workspace:read"]});
        let key = owner.post(KEYS, body).await.expect(201).text("id");
        let session = owner.get(SESSIONS).await.expect(200).json()["items"][0]["id"].as_str().expect("an id").to_owned();
        let body = json!({"name": "a", "permissions": ["workspace:read"]});
        let account = format!("{ACCOUNTS}/{}", owner.post(ACCOUNTS, body).await.expect(201).text("id"));
        let here = format!("{WORKSPACES}/{}", owner.workspace);
        let nowhere = format!("{WORKSPACES}/wsp_{NONE}");
        let other = app.owner("Other").await;
        let member_in = json!({"email": other.email, "role": "owner"});
        let members = |at: &str| format!("{at}/members");
        let identity = format!("{IDENTITIES}/{}", linked(&app, &owner.id).await);
        let provider = json!({"name": "house", "issuer": "https://idp.example.test", "client_id": "a"});
        app.administrator().await.post(PROVIDERS, provider).await.expect(201);
        let at_provider = || Fixture::new(format!("{PROVIDERS}/house"), format!("{PROVIDERS}/none"));
        let fixtures = HashMap::from([
            ("delete_sso_identity", Fixture::new(identity, format!("{IDENTITIES}/idn_{NONE}"))),
            ("get_sso_provider", at_provider()),
            ("update_sso_provider", at_provider().body(json!({"title": "x"}))),
            ("delete_sso_provider", at_provider()),
            ("revoke_session", Fixture::new(format!("{SESSIONS}/{session}/revoke"), format!("{SESSIONS}/ses_{NONE}/revoke"))),
            ("get_session", Fixture::new(format!("{SESSIONS}/{session}"), format!("{SESSIONS}/ses_{NONE}"))),
            ("update_session", Fixture::new(format!("{SESSIONS}/{session}"), format!("{SESSIONS}/ses_{NONE}")).body(json!({"device": "x"}))),
            ("delete_api_key", Fixture::new(format!("{KEYS}/{key}"), format!("{KEYS}/key_{NONE}"))),
            ("get_service_account", Fixture::new(&account, format!("{ACCOUNTS}/sva_{NONE}"))),
            ("update_service_account", Fixture::new(&account, format!("{ACCOUNTS}/sva_{NONE}")).body(json!({"name": "x"}))),
            ("delete_service_account", Fixture::new(&account, format!("{ACCOUNTS}/sva_{NONE}"))),
            ("list_service_account_events", Fixture::new(format!("{account}/events"), format!("{ACCOUNTS}/sva_{NONE}/events"))),
            ("get_workspace", Fixture::new(here.clone(), nowhere.clone())),
            ("update_workspace", Fixture::new(here.clone(), nowhere.clone()).body(json!({"name": "x"}))),
            ("list_members", Fixture::new(members(&here), members(&nowhere))),
            ("create_member", Fixture::new(members(&here), members(&nowhere)).body(member_in)),
            ("update_passkey", Fixture::new(passkey.clone(), format!("{PASSKEYS}/pky_{NONE}")).body(json!({"name": "x"}))),
            ("delete_passkey", Fixture::new(passkey, format!("{PASSKEYS}/pky_{NONE}"))),
            ("reset_second_factors", Fixture::new(factors_of(&member.id), factors_of(&format!("per_{NONE}")))),
            ("delete_member", Fixture::new(format!("{here}/members/{}", member.id), format!("{nowhere}/members/per_{NONE}"))),
        ]);
        let person = |rest: &str| Fixture::new(format!("/api/v1/people/{}{rest}", member.id), format!("/api/v1/people/per_{NONE}{rest}"));
        let mut fixtures = fixtures;
        fixtures.extend([
            ("get_person", person("")),
            ("delete_person", person("")),
            ("deactivate_person", person("/deactivate")),
            ("reactivate_person", person("/reactivate")),
            ("create_reset_link", person("/reset-link")),
        ]);
        let strangers = [
            Stranger { name: "anonymous", client: app.anonymous() },
            Stranger { name: "outsider", client: other.client.clone() },
            Stranger { name: "key of another workspace", client: app.key(&other, &["workspace:read", "members:manage"]).await },
            Stranger { name: "suspended", client: app.suspended("Hidden").await.client },
            Stranger {
                name: "outsider who names the workspace",
                client: other.client.clone().with("x-workspace-id", &owner.workspace),
            },
        ];
        let findings = try_all(&app, &["identity"], &fixtures, &strangers).await;
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}
