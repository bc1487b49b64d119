//! Whose account it is (ADR 25), and the advisories of others about just that.

use std::time::Duration;

use futures_util::future::join_all;
use identity::Status;
use serde_json::{Value, json};
use testkit::{Answer, TestApp};
use web::Fault;

use super::{Hostile, IDENTITIES, JUST_IN_TIME, LINK, begin, come_back, house, house_of, me, sign_in};
use crate::{PASSWORD, token};

async fn link(app: &TestApp, ticket: &str, password: &str) -> Answer {
    app.anonymous().post(LINK, json!({"ticket": ticket, "password": password})).await
}

/// The ticket that an arrival is answered with whose account has a password.
async fn ticket(app: &TestApp, provider: &Hostile) -> String {
    let answer = sign_in(app, provider).await;
    let ticket = answer.text("ticket");
    assert_eq!((answer.json()["expires_in"].as_i64(), ticket.len()), (Some(300), 43), "{}", answer.json());
    answer.refused(401, "link_required");
    ticket
}

fn is(email: &str) -> Value {
    json!({"email": email, "email_verified": true})
}

testkit::on_both! {
    async fn an_account_with_a_password_is_linked_by_it_and_never_asked_again(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let owner = app.owner("Main").await;
        provider.claims(is(&owner.email.to_uppercase()));
        let ticket = ticket(&app, &provider).await;
        link(&app, &ticket, "not the password").await.refused(401, "invalid_credentials");
        let pair = link(&app, &ticket, PASSWORD).await.expect(200);
        assert_eq!(pair.header("cache-control"), Some("no-store"));
        assert_eq!(me(&app, &pair).await["id"], json!(owner.id));
        link(&app, &ticket, PASSWORD).await.refused(401, "link_ticket_invalid");
        assert_eq!(me(&app, &sign_in(&app, &provider).await.expect(200)).await["id"], json!(owner.id));
        let linked = owner.get(IDENTITIES).await.expect(200).json();
        assert_eq!((&linked["items"][0]["provider"], linked["total"].as_i64()), (&json!("idp"), Some(1)));
        assert!(crate::events(&app, &owner.id).await.contains(&"person.sso_linked".to_owned()));
        // The password works as before.
        token(&app.anonymous(), &owner.email, PASSWORD).await.expect(200);
    }

    /// PocketBase: an account was linked to whoever came with its address.
    async fn cve_2024_38351_ghsa_m93w_4fxv_r35v_an_address_alone_links_no_account(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let owner = app.owner("Main").await;
        provider.claims(is(&owner.email));
        let ticket = ticket(&app, &provider).await;
        for guess in ["", "not the password", "correct horse batterx", &"x".repeat(200), PASSWORD.to_uppercase().as_str()] {
            link(&app, &ticket, guess).await.refused(401, "invalid_credentials");
        }
        // Five tries are all there are, the right one included.
        link(&app, &ticket, PASSWORD).await.refused(401, "link_ticket_invalid");
        assert_eq!(owner.get(IDENTITIES).await.expect(200).json()["total"], json!(0));
    }

    async fn cve_2024_38351_the_test_of_silent_links_can_fail(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let owner = app.owner("Main").await;
        app.faults.plant(Fault::SilentLink);
        provider.claims(is(&owner.email));
        assert_eq!(me(&app, &sign_in(&app, &provider).await.expect(200)).await["id"], json!(owner.id));
    }

    /// PocketBase again: somebody prepared an account under an address that is not theirs, and its owner signed in to it.
    async fn cve_2026_44166_ghsa_pq7p_mc74_g65w_nobody_signs_in_to_an_account_that_was_laid_out_for_them(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        // Whoever comes may not say what the account is made of.
        for more in ["&email=victim@example.test", "&user=%7B%7D", "&createData=%7B%22email%22%3A%22victim@example.test%22%7D"] {
            let begun = begin(&app, "idp", "").await;
            provider.began(&begun.location);
            let query = format!("code=a-code&state={}{more}", begun.param("state"));
            let pair = come_back(&app, "idp", &query, &begun.cookie).await.expect(200);
            assert_eq!(me(&app, &pair).await["email"], json!("new@example.test"), "{more}");
        }
        // An account with a password of somebody else's choosing lets nobody in but by that password.
        let laid_out = app.member("Main").await;
        provider.claims(json!({"sub": "the owner of the address", "email": laid_out.email, "email_verified": true}));
        sign_in(&app, &provider).await.refused(401, "link_required");
    }

    /// Supabase Auth: a token of the attacker's own issuer was taken.
    async fn cve_2026_31813_a14_a_foreign_issuer_is_somebody_else(engine: Engine) {
        let (provider, foreign) = (Hostile::start().await, Hostile::start().await);
        let app = house_of(engine, &[("idp", &provider, JUST_IN_TIME), ("foreign", &foreign, "provisioning = \"off\"")]).await;
        let first = me(&app, &sign_in(&app, &provider).await.expect(200)).await;
        // The same subject there is nobody here.
        foreign.claims(json!({"email": "other@example.test"}));
        let begun = begin(&app, "foreign", "").await;
        foreign.began(&begun.location);
        let query = format!("code=a-code&state={}", begun.param("state"));
        come_back(&app, "foreign", &query, &begun.cookie).await.refused(403, "auto_provision_disabled");
        // Nor does it help to say that one is the other issuer.
        foreign.claims(json!({"iss": provider.issuer()}));
        let begun = begin(&app, "foreign", "").await;
        foreign.began(&begun.location);
        let query = format!("code=a-code&state={}&iss={}", begun.param("state"), foreign.issuer());
        come_back(&app, "foreign", &query, &begun.cookie).await.refused(400, "id_token_invalid");
        assert_eq!(me(&app, &sign_in(&app, &provider).await.expect(200)).await["id"], first["id"]);
    }

    /// Parse: a token that the right issuer made for another client was taken.
    async fn cve_2026_30863_a_token_for_another_client_is_refused(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        sign_in(&app, &provider).await.expect(200);
        provider.claims(json!({"aud": "another-client-of-the-same-issuer"}));
        sign_in(&app, &provider).await.refused(400, "id_token_invalid");
    }

    /// Keycloak: the proof that finishes a link was not bound to who had come.
    async fn cve_2026_9087_a_ticket_links_who_it_was_made_for_and_to_nothing_else(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        provider.claims(json!({"sub": "of the owner", "email": owner.email, "email_verified": true}));
        let ticket = ticket(&app, &provider).await;
        // Nothing that is sent along changes what it is about.
        for more in [json!({"email": member.email}), json!({"person_id": member.id}), json!({"sub": "x"}), json!({"provider": "idp"})] {
            let mut body = json!({"ticket": ticket, "password": PASSWORD});
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            app.anonymous().post(LINK, body).await.refused(422, "invalid");
        }
        // Somebody else's sign-in meanwhile does not change it either.
        provider.claims(json!({"sub": "of the member", "email": member.email, "email_verified": true}));
        sign_in(&app, &provider).await.refused(401, "link_required");
        let pair = link(&app, &ticket, PASSWORD).await.expect(200);
        assert_eq!(me(&app, &pair).await["id"], json!(owner.id));
        provider.claims(json!({"sub": "of the owner", "email": "elsewhere@example.test", "email_verified": false}));
        assert_eq!(me(&app, &sign_in(&app, &provider).await.expect(200)).await["id"], json!(owner.id));
        assert_eq!(member.get(IDENTITIES).await.expect(200).json()["total"], json!(0));
    }

    async fn a14_check_12_an_address_that_the_provider_did_not_verify_counts_for_nothing(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let owner = app.owner("Main").await;
        for verified in [json!(false), json!("false"), json!("yes"), json!(1), json!([true]), json!(null)] {
            for email in [owner.email.as_str(), "new@example.test"] {
                provider.claims(json!({"email": email, "email_verified": verified}));
                sign_in(&app, &provider).await.refused(403, "email_not_verified");
            }
        }
        for email in ["", "no address", "a@b@example.test", "a\r\nb@example.test", "a@exa\u{202e}mple.test"] {
            provider.claims(is(email));
            sign_in(&app, &provider).await.refused(403, "email_not_verified");
        }
        // Some write the flag as text.
        provider.claims(json!({"email": "new@example.test", "email_verified": "true"}));
        sign_in(&app, &provider).await.expect(200);
    }

    async fn a14_an_address_in_disguise_is_nobodys_here(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        provider.claims(is("mike@example.test"));
        sign_in(&app, &provider).await.expect(200);
        // The sign for kelvin is another mailbox, and compares as the letter K.
        provider.claims(json!({"sub": "another", "email": "mi\u{212a}e@example.test", "email_verified": true}));
        sign_in(&app, &provider).await.refused(403, "email_not_verified");
    }

    async fn a14_another_subject_with_the_same_address_is_somebody_else(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        sign_in(&app, &provider).await.expect(200);
        provider.claims(json!({"sub": "249"}));
        sign_in(&app, &provider).await.refused(409, "identity_conflict");
    }

    async fn an_account_without_a_password_is_linked_to_a_second_provider(engine: Engine) {
        let (provider, second) = (Hostile::start().await, Hostile::start().await);
        let app = house_of(engine, &[("first", &second, JUST_IN_TIME), ("idp", &provider, JUST_IN_TIME)]).await;
        let one = me(&app, &sign_in(&app, &provider).await.expect(200)).await;
        let begun = begin(&app, "first", "").await;
        second.began(&begun.location);
        let query = format!("code=a-code&state={}", begun.param("state"));
        let pair = come_back(&app, "first", &query, &begun.cookie).await.expect(200);
        assert_eq!(me(&app, &pair).await["id"], one["id"]);
        let client = app.anonymous().bearer(&pair.text("access_token"));
        let linked = client.get(IDENTITIES).await.expect(200).json();
        let ids: Vec<_> = linked["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
        assert_eq!(ids.len(), 2);
        // Both at once: one of them stays, or nobody could sign in any more.
        let both = join_all(ids.iter().map(|id| client.delete(format!("{IDENTITIES}/{id}")))).await;
        let mut codes: Vec<_> = both.iter().map(|answer| answer.status.as_u16()).collect();
        codes.sort_unstable();
        assert_eq!(codes, [204, 409]);
        let left = client.get(IDENTITIES).await.expect(200).json()["items"][0]["id"].as_str().expect("an id").to_owned();
        client.delete(format!("{IDENTITIES}/{left}")).await.refused(409, "last_way_in");
    }

    async fn who_has_a_password_may_unlink_and_others_know_of_nothing(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let (owner, other) = (app.owner("Main").await, app.owner("Other").await);
        provider.claims(is(&owner.email));
        let ticket = ticket(&app, &provider).await;
        link(&app, &ticket, PASSWORD).await.expect(200);
        let id = owner.get(IDENTITIES).await.expect(200).json()["items"][0]["id"].as_str().expect("an id").to_owned();
        other.delete(format!("{IDENTITIES}/{id}")).await.refused(404, "not_found");
        app.key(&owner, &["workspace:read"]).await.delete(format!("{IDENTITIES}/{id}")).await.refused(403, "person_needed");
        owner.delete(format!("{IDENTITIES}/{id}")).await.expect(204);
        owner.delete(format!("{IDENTITIES}/{id}")).await.refused(404, "not_found");
        sign_in(&app, &provider).await.refused(401, "link_required");
    }

    async fn a21_64_uses_of_a_ticket_link_once(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let owner = app.owner("Main").await;
        provider.claims(is(&owner.email));
        let ticket = ticket(&app, &provider).await;
        let answers = join_all((0..64).map(|_| link(&app, &ticket, PASSWORD))).await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        let codes: Vec<_> = answers.iter().filter(|answer| answer.status != 200).map(Answer::code).collect();
        assert_eq!((won, codes.iter().all(|code| code == "link_ticket_invalid")), (1, true), "{codes:?}");
        assert_eq!(owner.get(IDENTITIES).await.expect(200).json()["total"], json!(1));
    }

    async fn a_ticket_lives_five_minutes(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let owner = app.owner("Main").await;
        provider.claims(is(&owner.email));
        let ticket = ticket(&app, &provider).await;
        link(&app, &format!("{ticket}x"), PASSWORD).await.refused(401, "link_ticket_invalid");
        app.clock().advance(Duration::from_mins(5));
        link(&app, &ticket, PASSWORD).await.refused(401, "link_ticket_invalid");
    }

    async fn who_may_not_sign_in_does_not_by_a_detour(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let (owner, member) = (app.owner("Main").await, app.member("Main").await);
        provider.claims(is(&owner.email));
        let ticket = ticket(&app, &provider).await;
        link(&app, &ticket, PASSWORD).await.expect(200);
        for person in [&owner, &member] {
            identity::admin::set_status(app.db(), &person.email, Status::Deactivated).await.expect("a deactivation");
            provider.claims(json!({"sub": format!("of {}", person.id), "email": person.email, "email_verified": true}));
            sign_in(&app, &provider).await.refused(403, "user_not_allowed");
        }
        provider.claims(is(&owner.email));
        sign_in(&app, &provider).await.refused(403, "user_not_allowed");
    }

    async fn a_provider_for_some_domains_is_for_nobody_else(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, &format!("{JUST_IN_TIME}\ndomains = [\"Example.test\"]")).await;
        sign_in(&app, &provider).await.expect(200);
        for email in ["a@evil.test", "a@sub.example.test", "a@example.test.evil.test", "a@evilexample.test"] {
            provider.claims(json!({"sub": email, "email": email, "email_verified": true}));
            sign_in(&app, &provider).await.refused(403, "domain_not_allowed");
        }
        // Who was let in before and has another address now is out.
        provider.claims(is("new@elsewhere.test"));
        sign_in(&app, &provider).await.refused(403, "domain_not_allowed");
        provider.claims(is("NEW@EXAMPLE.TEST"));
        sign_in(&app, &provider).await.expect(200);
    }

    async fn without_provisioning_nobody_new_comes_in(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        sign_in(&app, &provider).await.refused(403, "auto_provision_disabled");
    }

    async fn a_workspace_that_is_gone_makes_nobody(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, &format!("{JUST_IN_TIME}\nworkspace = \"nowhere\"")).await;
        sign_in(&app, &provider).await.refused(502, "provider_misconfigured");
        token(&app.anonymous(), "new@example.test", PASSWORD).await.refused(401, "invalid_credentials");
    }
}
