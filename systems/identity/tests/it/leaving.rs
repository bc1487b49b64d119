//! Deleting an account, keeping it after all, and what is left of it.

use std::time::Duration;

use serde_json::json;
use testkit::{Answer, Client, TestApp};

use super::letters::{letter, open_house, quiet_house, settled, token as opened};
use super::sso::linked;
use super::{ME, PASSWORD, WORKSPACES, events, token};

const DELETE: &str = "/api/v1/auth/delete-account";
const CANCEL: &str = "/api/v1/auth/cancel-deletion";
const DAY: Duration = Duration::from_hours(24);

async fn leave(client: &Client) -> Answer {
    client.post(DELETE, json!({"password": PASSWORD})).await
}

async fn stay(app: &TestApp, link: &str) -> Answer {
    app.anonymous().post(CANCEL, json!({"token": link})).await
}

static ERASE: queue::Kind<serde_json::Value> =
    queue::Kind::new("people.erase", |job, _| Box::pin(async move { job.done().await }));

/// What comes each hour, now.
async fn sweep(app: &TestApp) {
    let write = app.db().write(types::Installation::system("a test"), |tx, by| {
        Box::pin(
            async move { queue::enqueue_installation(tx, by, queue::NewJob::new(&ERASE, &json!({}))?).await },
        )
    });
    write.await.expect("a job");
    settled(app).await;
}

testkit::on_both! {
    async fn an_account_that_leaves_can_be_kept_by_the_mail_or_by_signing_in(engine: Engine) {
        let app = open_house(engine).await;
        app.owner("Main").await;
        let member = app.member("Main").await;
        let key = app.key(&member, &["workspace:read"]).await;
        member.post(DELETE, json!({"password": "not the password"})).await.refused(403, "wrong_password");
        let left = leave(&member).await.expect(200);
        assert_eq!(left.text("deletes_at"), app.clock().now().plus(14 * DAY).to_string());
        member.get(ME).await.refused(401, "token_invalid");
        key.get(ME).await.refused(401, "api_key_invalid");
        // A guess hears what it always hears; the right password is shown the way back.
        token(&app.anonymous(), &member.email, "not the password").await.refused(401, "invalid_credentials");
        let offered = token(&app.anonymous(), &member.email, PASSWORD).await.expect(403);
        assert_eq!((offered.code().as_str(), offered.text("deletes_at")), ("account_leaving", left.text("deletes_at")));
        let mailed = opened(&letter(&app, &member.email, "will be deleted", 1).await);
        let _ = stay(&app, &offered.text("cancel_token")).await.expect(200);
        for used in [&offered.text("cancel_token"), &mailed] {
            stay(&app, used).await.refused(403, "link_invalid");
        }
        let back = app.sign_in(member.email.clone()).await;
        let _ = key.get(ME).await.expect(200);
        let _ = leave(&back).await.expect(200);
        let mailed = opened(&letter(&app, &member.email, "will be deleted", 2).await);
        sweep(&app).await;
        let _ = stay(&app, &mailed).await.expect(200);
        let _ = token(&app.anonymous(), &member.email, PASSWORD).await.expect(200);
    }

    async fn after_the_grace_time_only_the_id_is_left(engine: Engine) {
        // Jobs run from the leap of the clock on: it would seem to a node that it had died in between.
        let app = quiet_house(engine).await;
        let (owner, admin) = (app.owner("Main").await, app.administrator().await);
        let member = app.member("Main").await;
        let name = |name: &str| json!({"name": name});
        let _ = member.patch(ME, name("Somebody Known")).await.expect(200);
        let _ = app.key(&member, &["workspace:read"]).await;
        linked(&app, &member.id).await;
        let path = format!("/api/v1/people/{}", member.id);
        let _ = leave(&member).await.expect(200);
        app.clock().advance(14 * DAY);
        token(&app.anonymous(), &member.email, PASSWORD).await.refused(401, "invalid_credentials");
        app.work().await;
        sweep(&app).await;
        let admin = app.sign_in(admin.email).await;
        let shown = admin.get(&path).await.expect(200).json();
        assert_eq!((&shown["status"], &shown["email"], &shown["name"]), (&json!("deleted"), &json!(null), &json!("")));
        letter(&app, &member.email, "is deleted", 1).await;
        let owner = app.sign_in(owner.email).await;
        let members = owner.get(format!("{WORKSPACES}/{}/members", owner.workspace)).await.expect(200).json();
        assert!(!members.to_string().contains(&member.email), "{members}");
        assert!(events(&app, &member.id).await.contains(&"person.deleted".to_owned()));
        let words = app.db().read((), |rx, ()| Box::pin(async move {
            let mut words = String::new();
            for sql in ["SELECT email || name || email_key AS t FROM people", "SELECT actor_label || payload AS t FROM events",
                "SELECT email AS t FROM mailed_links WHERE purpose <> 'told'", "SELECT name AS t FROM api_keys", "SELECT issuer AS t FROM sso_identities"] {
                for mut row in rx.rows(sql, db::params![]).await? {
                    words.push_str(&row.take::<String>("t")?);
                }
            }
            Ok(words)
        }));
        let words = words.await.expect("all words");
        assert!(!words.contains(&member.email) && !words.contains("Somebody Known") && !words.contains("idp.example"), "{words}");
        // The address is free for somebody new.
        let cost = identity::Cost { memory_kib: 64, passes: 1, lanes: 1 };
        identity::admin::add(app.db(), cost, &member.email, PASSWORD, "Main", identity::Role::Member).await.expect("somebody new");
    }

    async fn who_is_needed_hands_over_first(engine: Engine) {
        let app = open_house(engine).await;
        let (admin, owner) = (app.administrator().await, app.owner("Alone").await);
        let refused = leave(&owner).await.expect(409).json();
        assert_eq!((&refused["code"], &refused["workspaces"]), (&json!("only_owner"), &json!(["alone"])));
        leave(&admin).await.refused(409, "only_owner");
        let second = app.owner("Alone").await;
        let _ = leave(&owner).await.expect(200);
        // One of the two has gone, so the other is the only one again.
        leave(&second).await.refused(409, "only_owner");
        let other = app.owner("Main").await;
        leave(&admin).await.refused(409, "last_administrator");
        admin.delete(format!("/api/v1/people/{}", admin.id)).await.refused(409, "last_administrator");
        let _ = other.get(ME).await.expect(200);
    }

    async fn what_is_known_of_oneself_can_be_taken_along(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let key = app.key(&owner, &["workspace:read"]).await;
        let all = owner.get("/api/v1/auth/me/export").await.expect(200).json();
        assert_eq!(all["person"]["email"], owner.email);
        assert_eq!(all["memberships"][0]["workspace"]["slug"], "main");
        assert_eq!((all["api_keys"][0]["name"].as_str(), all["sessions"][0]["is_current"].as_bool()), (Some("a key"), Some(true)));
        for secret in ["argon2", "hash", "refresh", "salt"] {
            assert!(!all.to_string().contains(secret), "{all}");
        }
        key.get("/api/v1/auth/me/export").await.refused(403, "person_needed");
        app.anonymous().get("/api/v1/auth/me/export").await.refused(401, "not_signed_in");
    }
}
