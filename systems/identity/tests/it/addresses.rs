//! Another address: both ends agree.

use serde_json::json;
use testkit::{Answer, TestApp};

use super::letters::{letter, letters, open_house, settled, token as opened};
use super::{ME, PASSWORD, token};

const CHANGE: &str = "/api/v1/auth/change-email";
const CONFIRM: &str = "/api/v1/auth/confirm-email";
const NEW: &str = "new@example.test";

async fn agree(app: &TestApp, link: &str) -> Answer {
    app.anonymous().post(CONFIRM, json!({"token": link})).await
}

testkit::on_both! {
    async fn an_address_changes_when_both_ends_have_agreed(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let ask = |email: &str, password: &str| owner.post(CHANGE, json!({"email": email, "password": password}));
        ask(NEW, "not the password").await.refused(403, "wrong_password");
        ask("ne\u{fc}@example.test", PASSWORD).await.refused(422, "invalid");
        let _ = ask(NEW, PASSWORD).await.expect(202);
        let at_old = letter(&app, &owner.email, "Another address", 1).await;
        let at_new = letter(&app, NEW, "Another address", 1).await;
        assert!(at_old.text.contains(NEW) && at_new.text.contains(&owner.email));
        assert_eq!(agree(&app, &opened(&at_new)).await.expect(200).json()["changed"], false);
        token(&app.anonymous(), NEW, PASSWORD).await.refused(401, "invalid_credentials");
        agree(&app, &opened(&at_new)).await.refused(403, "link_invalid");
        assert_eq!(agree(&app, &opened(&at_old)).await.expect(200).json()["changed"], true);
        assert_eq!(owner.get(ME).await.expect(200).text("email"), NEW);
        token(&app.anonymous(), &owner.email, PASSWORD).await.refused(401, "invalid_credentials");
        let _ = token(&app.anonymous(), NEW, PASSWORD).await.expect(200);
        for told in [&owner.email, NEW] {
            let mail = letter(&app, told, "has another address", 1).await;
            assert!(mail.text.contains(NEW) && !mail.text.contains('#'), "{}", mail.text);
        }
    }

    async fn an_address_of_somebody_else_is_answered_alike_and_never_taken(engine: Engine) {
        let app = open_house(engine).await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        let ask = |email: &str| owner.post(CHANGE, json!({"email": email, "password": PASSWORD}));
        let free = ask(NEW).await.expect(202);
        // Two letters at once may be written in either order, and the later one is the one that counts.
        settled(&app).await;
        let taken = ask(&other.email).await.expect(202);
        assert_eq!(free.body, taken.body);
        let told = letter(&app, &other.email, "You have an account", 1).await;
        assert!(!told.text.contains('#'), "{}", told.text);
        let half = letter(&app, &owner.email, "Another address", 2).await;
        assert_eq!(agree(&app, &opened(&half)).await.expect(200).json()["changed"], false);
        assert_eq!(other.get(ME).await.expect(200).text("email"), other.email);
    }

    async fn halves_of_different_wishes_make_no_whole(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let ask = async |email: &str| owner.post(CHANGE, json!({"email": email, "password": PASSWORD})).await.expect(202);
        let _ = ask("first@example.test").await;
        let first_old = opened(&letter(&app, &owner.email, "Another address", 1).await);
        let first_new = opened(&letter(&app, "first@example.test", "Another address", 1).await);
        assert_eq!(agree(&app, &first_new).await.expect(200).json()["changed"], false);
        let _ = ask("second@example.test").await;
        let second_old = opened(&letter(&app, &owner.email, "Another address", 2).await);
        agree(&app, &first_old).await.refused(403, "link_invalid");
        assert_eq!(agree(&app, &second_old).await.expect(200).json()["changed"], false);
        assert_eq!(owner.get(ME).await.expect(200).text("email"), owner.email);
    }

    async fn a_new_password_ends_a_change_that_somebody_else_began(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let _ = owner.post(CHANGE, json!({"email": NEW, "password": PASSWORD})).await.expect(202);
        let half = opened(&letter(&app, NEW, "Another address", 1).await);
        let body = json!({"current_password": PASSWORD, "new_password": "another horse altogether"});
        let _ = owner.post("/api/v1/auth/change-password", body).await.expect(200);
        agree(&app, &half).await.refused(403, "link_invalid");
    }

    async fn an_address_that_was_taken_meanwhile_stays_its_owners(engine: Engine) {
        let app = open_house(engine).await;
        let owner = app.owner("Main").await;
        let _ = owner.post(CHANGE, json!({"email": NEW, "password": PASSWORD})).await.expect(202);
        let at_old = opened(&letter(&app, &owner.email, "Another address", 1).await);
        let at_new = opened(&letter(&app, NEW, "Another address", 1).await);
        assert_eq!(agree(&app, &at_new).await.expect(200).json()["changed"], false);
        let cost = identity::Cost { memory_kib: 64, passes: 1, lanes: 1 };
        identity::admin::add(app.db(), cost, NEW, PASSWORD, "Other", identity::Role::Owner).await.expect("a person");
        agree(&app, &at_old).await.refused(409, "already_exists");
        settled(&app).await;
        assert!(letters(&app, NEW, "has another address").is_empty());
    }
}
