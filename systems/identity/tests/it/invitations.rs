//! Invitations, and every way in which their links are abused.

use std::time::Duration;

use serde_json::json;
use testkit::{Person, TestApp};

use super::{ME, PASSWORD, WORKSPACES, mail_to, start, with_mail};

const ACCEPT: &str = "/api/v1/auth/invitations/accept";
const REGISTER: &str = "/api/v1/auth/invitations/register";
const PREVIEW: &str = "/api/v1/auth/invitations/preview";

fn invitations(owner: &Person) -> String {
    format!("{WORKSPACES}/{}/invitations", owner.workspace)
}

fn token_in(text: &str) -> String {
    let (_, token) = text.split_once("https://house.test/invitation#").expect("a link to the public address");
    token.chars().take_while(|letter| !letter.is_whitespace()).collect()
}

/// Invites somebody; answers with the id and the token of the mail.
async fn invite(app: &TestApp, owner: &Person, email: &str, role: &str) -> (String, String) {
    let made = owner.post(invitations(owner), json!({"email": email, "role": role})).await.expect(201);
    assert!(!String::from_utf8_lossy(&made.body).contains("token"), "{}", made.json());
    (made.text("id"), token_in(&mail_to(app, email, 1).await))
}

testkit::on_both! {
    async fn somebody_with_an_account_accepts(engine: Engine) {
        let app = with_mail(engine).await;
        let (owner, guest) = (app.owner("Main").await, app.owner("Other").await);
        let (id, token) = invite(&app, &owner, &guest.email.to_uppercase(), "viewer").await;
        let preview = app.anonymous().post(PREVIEW, json!({"token": token})).await.expect(200).json();
        assert_eq!((&preview["workspace"], &preview["has_account"]), (&json!("Main"), &json!(true)));
        assert_eq!(guest.post(ACCEPT, json!({"token": token})).await.expect(200).text("status"), "ok");
        let there = guest.client.clone().with("x-workspace-id", "main");
        assert_eq!(there.get(ME).await.expect(200).text("workspace_id"), owner.workspace);
        let path = format!("{}/{id}", invitations(&owner));
        assert_eq!(owner.get(&path).await.expect(200).text("state"), "accepted");
        guest.post(ACCEPT, json!({"token": token})).await.refused(403, "invitation_invalid");
        owner.post(format!("{path}/resend"), json!({})).await.refused(409, "invitation_ended");
        owner.post(format!("{path}/cancel"), json!({})).await.refused(409, "invitation_ended");
        owner.post(invitations(&owner), json!({"email": guest.email})).await.refused(409, "already_member");
    }

    async fn somebody_without_an_account_gets_one(engine: Engine) {
        let app = with_mail(engine).await;
        let owner = app.owner("Main").await;
        let (_, token) = invite(&app, &owner, "new@example.test", "member").await;
        let body = |token: &str, password: &str| json!({"token": token, "name": "New Guest", "password": password});
        let anyone = app.anonymous();
        anyone.post(REGISTER, body(&token, "short")).await.refused(422, "invalid");
        anyone.post(REGISTER, body("nonsense", PASSWORD)).await.refused(403, "invitation_invalid");
        let _ = anyone.post(REGISTER, body(&token, PASSWORD)).await.expect(201);
        anyone.post(REGISTER, body(&token, PASSWORD)).await.refused(403, "invitation_invalid");
        let guest = app.sign_in("new@example.test".to_owned()).await;
        assert_eq!(guest.workspace, owner.workspace);
        assert_eq!(guest.get(ME).await.expect(200).text("name"), "New Guest");
        let (_, token) = invite(&app, &app.owner("Other").await, &owner.email, "member").await;
        anyone.post(REGISTER, body(&token, PASSWORD)).await.refused(409, "account_exists");
    }

    async fn inviting_tells_nothing_of_accounts(engine: Engine) {
        let app = start(engine).await;
        let (owner, guest) = (app.owner("Main").await, app.owner("Other").await);
        let mut seen = Vec::new();
        for email in [guest.email.clone(), guest.email.replace('o', "u")] {
            let answer = owner.post(invitations(&owner), json!({"email": email, "role": "member"})).await.expect(201);
            let mut body = answer.json();
            body["id"] = json!("");
            body["email"] = json!("");
            seen.push((answer.body.len(), body));
        }
        assert_eq!(seen[0], seen[1]);
    }

    async fn a21_a_link_works_once_for_one_address_and_not_for_long(engine: Engine) {
        let app = with_mail(engine).await;
        let (owner, guest, other) = (app.owner("Main").await, app.owner("Other").await, app.owner("Third").await);
        let (id, first) = invite(&app, &owner, &guest.email, "viewer").await;
        other.post(ACCEPT, json!({"token": first})).await.refused(403, "invitation_for_another");
        owner.post(invitations(&owner), json!({"email": guest.email})).await.refused(409, "already_invited");
        // Sent again, the link before is dead.
        let path = format!("{}/{id}", invitations(&owner));
        let _ = owner.post(format!("{path}/resend"), json!({})).await.expect(200);
        let second = token_in(&mail_to(&app, &guest.email, 2).await);
        assert_ne!(first, second);
        guest.post(ACCEPT, json!({"token": first})).await.refused(403, "invitation_invalid");
        // Its time is over, and comes back with another mail.
        app.clock().advance(Duration::from_hours(24 * 7));
        let guest = app.sign_in(guest.email.clone()).await;
        let owner = app.sign_in(owner.email.clone()).await;
        guest.post(ACCEPT, json!({"token": second})).await.refused(403, "invitation_invalid");
        assert_eq!(owner.get(&path).await.expect(200).text("state"), "expired");
        assert_eq!(owner.get(format!("{}?state=expired", invitations(&owner))).await.expect(200).json()["total"], 1);
        assert_eq!(owner.get(format!("{}?state=pending", invitations(&owner))).await.expect(200).json()["total"], 0);
        let _ = owner.post(format!("{path}/resend"), json!({})).await.expect(200);
        let third = token_in(&mail_to(&app, &guest.email, 3).await);
        let _ = owner.post(format!("{path}/cancel"), json!({})).await.expect(200);
        guest.post(ACCEPT, json!({"token": third})).await.refused(403, "invitation_invalid");
        // Cancelled, the address can be invited anew.
        let _ = owner.post(invitations(&owner), json!({"email": guest.email, "role": "viewer"})).await.expect(201);
        let fourth = token_in(&mail_to(&app, &guest.email, 4).await);
        // Whoever invited lost the right to: so did the invitation.
        let administrator = app.administrator().await;
        let members = format!("{WORKSPACES}/{}/members/{}", owner.workspace, owner.id);
        let _ = administrator.patch(&members, json!({"role": "viewer"})).await.expect(200);
        guest.post(ACCEPT, json!({"token": fourth})).await.refused(403, "invitation_invalid");
        let _ = administrator.patch(&members, json!({"role": "admin"})).await.expect(200);
        let _ = guest.post(ACCEPT, json!({"token": fourth})).await.expect(200);
    }

    async fn an_invitation_is_worth_what_the_account_of_its_sender_is(engine: Engine) {
        let app = with_mail(engine).await;
        let (owner, second, guest) = (app.owner("Main").await, app.owner("Main").await, app.owner("Other").await);
        let administrator = app.administrator().await;
        let (id, link) = invite(&app, &second, &guest.email, "admin").await;
        let _ = administrator.post(format!("/api/v1/people/{}/deactivate", second.id), json!({})).await.expect(200);
        guest.post(ACCEPT, json!({"token": link})).await.refused(403, "invitation_invalid");
        app.anonymous().post(PREVIEW, json!({"token": link})).await.refused(403, "invitation_invalid");
        // Sent again it is another's, in their name.
        let _ = owner.post(format!("{}/{id}/resend", invitations(&owner)), json!({})).await.expect(200);
        let again = token_in(&mail_to(&app, &guest.email, 2).await);
        let _ = guest.post(ACCEPT, json!({"token": again})).await.expect(200);
    }

    async fn a21_no_header_poisons_the_link(engine: Engine) {
        let app = with_mail(engine).await;
        let owner = app.owner("Main").await;
        let evil = owner.client.clone().with("host", "evil.test").with("x-forwarded-host", "evil.test").with("forwarded", "host=evil.test");
        let _ = evil.post(invitations(&owner), json!({"email": "new@example.test"})).await.expect(201);
        let text = mail_to(&app, "new@example.test", 1).await;
        assert!(text.contains("https://house.test/invitation#") && !text.contains("evil"), "{text}");
        // Neither does a name or an address.
        for email in ["a@b.test\r\nBcc: x@y.test", "a@b.test,c@d.test", "<a@b.test>", "m\u{fc}ller@example.test"] {
            owner.post(invitations(&owner), json!({"email": email})).await.refused(422, "invalid");
        }
    }

    async fn a21_of_64_who_accept_at_once_one_does(engine: Engine) {
        let app = with_mail(engine).await;
        let (owner, guest) = (app.owner("Main").await, app.owner("Other").await);
        let (_, token) = invite(&app, &owner, &guest.email, "member").await;
        let mut asked = Vec::new();
        for _ in 0..64 {
            let (guest, body) = (guest.client.clone(), json!({"token": token}));
            asked.push(tokio::spawn(async move { guest.post(ACCEPT, body).await.status.as_u16() }));
        }
        let mut accepted = 0;
        for one in asked {
            match one.await.expect("an answer") {
                200 => accepted += 1,
                status => assert!([403, 503].contains(&status), "{status}"),
            }
        }
        assert_eq!(accepted, 1);
    }

    async fn a21_of_64_who_register_at_once_one_does(engine: Engine) {
        let app = with_mail(engine).await;
        let owner = app.owner("Main").await;
        let (_, token) = invite(&app, &owner, "new@example.test", "member").await;
        let mut asked = Vec::new();
        for at in 0..64 {
            let (anyone, body) = (app.anonymous(), json!({"token": token, "name": format!("Guest {at}"), "password": PASSWORD}));
            asked.push(tokio::spawn(async move { anyone.post(REGISTER, body).await.status.as_u16() }));
        }
        let mut made = 0;
        for one in asked {
            match one.await.expect("an answer") {
                201 => made += 1,
                status => assert!([403, 409, 503].contains(&status), "{status}"),
            }
        }
        assert_eq!(made, 1);
    }

    async fn the_page_of_a_link_uses_nothing_up(engine: Engine) {
        let app = with_mail(engine).await;
        let owner = app.owner("Main").await;
        let (_, token) = invite(&app, &owner, "new@example.test", "member").await;
        // The address that is opened is the same for everybody; a script of ours puts what stands behind # into the form.
        let page = app.anonymous().get("/invitation").await.expect(200);
        let html = String::from_utf8_lossy(&page.body).into_owned();
        assert!(html.contains("id=\"token\"") && html.contains("src=\"/assets/link.js\""), "{html}");
        assert_eq!(page.header("referrer-policy"), Some("strict-origin"));
        let post = |origin: &'static str, form: &[(&str, &str)]| {
            let ask = app.anonymous().ask(http::Method::POST, "/invitation").header("origin", origin);
            ask.header("sec-fetch-site", "same-origin").form(form)
        };
        let (here, look) = ("https://house.test", [("token", token.as_str())]);
        for _ in 0..3 {
            let page = post(here, &look).send().await.expect(200);
            let html = String::from_utf8_lossy(&page.body).into_owned();
            assert!(html.contains("invites you to Main") && html.contains("<form") && !html.contains("<script"), "{html}");
            assert_eq!((page.header("referrer-policy"), page.header("cache-control")), (Some("strict-origin"), Some("no-store")));
        }
        let _ = post("https://evil.test", &look).send().await.expect(403);
        let _ = post(here, &[("token", "nonsense")]).send().await.expect(403);
        let form = |password| [("token", token.as_str()), ("name", "New Guest"), ("password", password)];
        let _ = post("https://evil.test", &form(PASSWORD)).send().await.expect(403);
        let again = post(here, &form("short")).send().await.expect(422);
        assert!(String::from_utf8_lossy(&again.body).contains("New Guest"));
        let _ = post(here, &[("token", token.as_str()), ("name", "")]).send().await.expect(422);
        let _ = post(here, &form(PASSWORD)).send().await.expect(201);
        let _ = app.sign_in("new@example.test".to_owned()).await;
        let _ = post(here, &look).send().await.expect(403);
    }
}
