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
        let body = json!({"name": "Auditor", "permissions": ["members:read"]});
        let role = owner.post(format!("{here}/roles"), body).await.expect(201).text("id");
        let body = json!({"email": "guest@example.test", "role": "viewer"});
        let invitation = owner.post(format!("{here}/invitations"), body.clone()).await.expect(201).text("id");
        let _ = owner.post(format!("{here}/transfer"), json!({"person_id": member.id})).await.expect(201);
        let identity = format!("{IDENTITIES}/{}", linked(&app, &owner.id).await);
        let provider = json!({"name": "house", "issuer": "https://idp.example.test", "client_id": "a"});
        app.administrator().await.post(PROVIDERS, provider).await.expect(201);
        let at_provider = || Fixture::new(format!("{PROVIDERS}/house"), format!("{PROVIDERS}/none"));
        let mut fixtures = HashMap::from([
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
            ("update_passkey", Fixture::new(passkey.clone(), format!("{PASSKEYS}/pky_{NONE}")).body(json!({"name": "x"}))),
            ("delete_passkey", Fixture::new(passkey, format!("{PASSKEYS}/pky_{NONE}"))),
            ("reset_second_factors", Fixture::new(factors_of(&member.id), factors_of(&format!("per_{NONE}")))),
        ]);
        let of = |tail: &str| {
            let at = |place: &str, member: &str, role: &str, invitation: &str| {
                let tail = tail.replace("PER", member).replace("ROL", role).replace("INV", invitation);
                format!("{place}{tail}")
            };
            let none = |prefix: &str| format!("{prefix}_{NONE}");
            Fixture::new(at(&here, &member.id, &role, &invitation), at(&nowhere, &none("per"), &none("rol"), &none("inv")))
        };
        for (operation, tail) in [
            ("get_workspace", ""), ("delete_workspace", ""), ("archive_workspace", "/archive"), ("restore_workspace", "/restore"),
            ("pause_workspace", "/pause"), ("resume_workspace", "/resume"), ("leave_workspace", "/leave"),
            ("list_members", "/members"), ("get_member", "/members/PER"), ("delete_member", "/members/PER"),
            ("list_roles", "/roles"), ("get_role", "/roles/ROL"), ("delete_role", "/roles/ROL"),
            ("list_invitations", "/invitations"), ("get_invitation", "/invitations/INV"),
            ("resend_invitation", "/invitations/INV/resend"), ("cancel_invitation", "/invitations/INV/cancel"),
            ("get_workspace_settings", "/settings"), ("get_workspace_limits", "/limits"),
            ("get_transfer", "/transfer"), ("delete_transfer", "/transfer"), ("accept_transfer", "/transfer/accept"),
        ] {
            fixtures.insert(operation, of(tail));
        }
        for (operation, tail, body) in [
            ("update_workspace", "", json!({"name": "x"})),
            ("create_member", "/members", json!({"email": other.email, "role": "owner"})),
            ("update_member", "/members/PER", json!({"role": "viewer"})),
            ("create_role", "/roles", json!({"name": "x", "permissions": []})),
            ("update_role", "/roles/ROL", json!({"name": "x"})),
            ("create_invitation", "/invitations", body),
            ("update_workspace_settings", "/settings", json!({"invitation_days": 2})),
            ("create_transfer", "/transfer", json!({"person_id": member.id})),
        ] {
            fixtures.insert(operation, of(tail).body(body));
        }
        let any = |id: &str, tail: &str| format!("/api/v1/installation/workspaces/{id}{tail}");
        for (operation, tail) in [
            ("get_any_workspace", ""), ("update_any_workspace", ""), ("delete_any_workspace", ""),
            ("suspend_workspace", "/suspend"), ("resume_suspended_workspace", "/resume"), ("archive_any_workspace", "/archive"),
            ("restore_any_workspace", "/restore"), ("get_any_workspace_limits", "/limits"), ("update_any_workspace_limits", "/limits"),
        ] {
            fixtures.insert(operation, Fixture::new(any(&owner.workspace, tail), any(&format!("wsp_{NONE}"), tail)).body(json!({})));
        }
        let person = |rest: &str| Fixture::new(format!("/api/v1/people/{}{rest}", member.id), format!("/api/v1/people/per_{NONE}{rest}"));
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
