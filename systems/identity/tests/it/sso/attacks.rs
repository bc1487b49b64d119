//! Tokens that prove nothing (A12, A14), whole: whatever the provider says, nobody is let in and nobody is made.

use peers::Upstream;
use ring::hmac;
use serde_json::{Value, json};
use testkit::TestApp;

use super::hostile::Says;
use super::{Hostile, JUST_IN_TIME, begin, come_back, house, sign_in};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How many people there are.
async fn people(app: &TestApp) -> i64 {
    let read = app.db().read((), |rx, ()| {
        Box::pin(async move {
            let row = rx.row("SELECT COUNT(*) AS people FROM people", &[]).await?;
            row.map_or(Ok(0), |mut row| Ok(row.take::<i64>("people")?))
        })
    });
    read.await.expect("a number")
}

async fn refused(app: &TestApp, provider: &Hostile, says: Says, code: &str, about: &str) {
    provider.says(says);
    let answer = sign_in(app, provider).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{about}: {}", answer.json());
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(!text.contains("evil") && !text.contains("access_token"), "{about}: {text}");
}

testkit::on_both! {
    async fn a12_a14_no_claim_that_is_not_for_us_lets_anybody_in(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let now = app.clock().now().as_seconds();
        for claims in [
            json!({"iss": "https://evil.test"}),
            json!({"iss": null}),
            json!({"aud": "another-client"}),
            json!({"aud": ["mainstay", "another-client"], "azp": "mainstay"}),
            json!({"aud": null}),
            json!({"azp": "another-client"}),
            json!({"exp": now - 61}),
            json!({"exp": null}),
            json!({"iat": now + 61}),
            json!({"nbf": now + 61}),
            json!({"nonce": null}),
            json!({"nonce": "of-another-login"}),
            json!({"sub": null}),
            json!({"sub": ""}),
            json!({"sub": 248}),
            json!({"at_hash": "of-another-token"}),
        ] {
            refused(&app, &provider, Says { claims: claims.clone(), ..Says::default() }, "id_token_invalid", &claims.to_string()).await;
        }
        assert_eq!(people(&app).await, 0);
    }

    async fn a14_check_12_the_nonce_of_another_login_is_refused(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let stolen = begin(&app, "idp", "").await;
        let begun = begin(&app, "idp", "").await;
        // The token was made for the login of somebody else, whose nonce it has.
        provider.began(&stolen.location);
        let query = format!("code=a-code&state={}", begun.param("state"));
        come_back(&app, "idp", &query, &begun.cookie).await.refused(400, "id_token_invalid");
        assert_eq!(people(&app).await, 0);
    }

    async fn a12_no_header_brings_its_own_key(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let elsewhere = Upstream::says(|_| peers::reply(200, "", "{\"keys\":[]}")).await;
        let url = elsewhere.url("/jwks");
        for header in [
            json!({"kid": "another"}),
            json!({"kid": "another", "jku": url}),
            json!({"kid": url}),
            json!({"kid": "../../dev/null"}),
            json!({"x5u": url}),
            json!({"x5c": ["AAAA"]}),
            json!({"jwk": provider.jwks()["keys"][0]}),
            json!({"jku": url}),
        ] {
            let says = Says { header: header.clone(), foreign: true, ..Says::default() };
            refused(&app, &provider, says, "id_token_invalid", &header.to_string()).await;
        }
        for header in [json!({"crit": ["b64"], "b64": false}), json!({"typ": "at+jwt"}), json!({"alg": "none"}), json!({"alg": "RS256"})] {
            let says = Says { header: header.clone(), ..Says::default() };
            refused(&app, &provider, says, "id_token_invalid", &header.to_string()).await;
        }
        assert!(elsewhere.seen().is_empty(), "a header sent us somewhere");
        assert_eq!(people(&app).await, 0);
    }

    async fn a12_neither_none_nor_a_public_key_as_a_secret(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let key = provider.jwks()["keys"][0].clone();
        let secrets = [provider.jwks().to_string(), key.to_string(), key["x"].as_str().unwrap_or_default().to_owned(), "a secret".to_owned()];
        for alg in ["none", "nOnE", "HS256", "HS384", "HS512"] {
            for secret in &secrets {
                let begun = begin(&app, "idp", "").await;
                provider.began(&begun.location);
                let signed = provider.unsigned(&json!({"alg": alg, "kid": "one", "typ": "JWT"}), &begun.param("nonce"));
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
                let end = if alg.eq_ignore_ascii_case("none") { String::new() } else { URL_SAFE_NO_PAD.encode(tag) };
                provider.says(Says { id_token: Some(format!("{signed}.{end}")), ..Says::default() });
                let query = format!("code=a-code&state={}", begun.param("state"));
                come_back(&app, "idp", &query, &begun.cookie).await.refused(400, "id_token_invalid");
            }
        }
        assert_eq!(people(&app).await, 0);
    }

    async fn a14_userinfo_about_another_subject_is_refused(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let claims = json!({"email": null, "email_verified": null});
        let about = |sub: Value| Says {
            claims: claims.clone(),
            userinfo: json!({"sub": sub, "email": "new@example.test", "email_verified": true}),
            ..Says::default()
        };
        for sub in [json!("249"), json!(""), json!(null), json!(" 248")] {
            refused(&app, &provider, about(sub.clone()), "id_token_invalid", &sub.to_string()).await;
        }
        assert_eq!(people(&app).await, 0);
        provider.says(about(json!("248")));
        sign_in(&app, &provider).await.expect(200);
    }

    async fn what_the_token_endpoint_refuses_is_told_apart_by_whose_fault_it_is(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        for (status, body, found, code) in [
            (400, "{\"error\":\"invalid_grant\"}", 400, "token_exchange_failed"),
            (400, "not JSON", 400, "token_exchange_failed"),
            (401, "{\"error\":\"invalid_client\"}", 502, "provider_misconfigured"),
            (500, "", 502, "upstream_error"),
            (429, "", 502, "upstream_error"),
            (302, "", 502, "upstream_error"),
            (200, "{}", 400, "token_exchange_failed"),
            (200, "{\"access_token\":\"a\",\"token_type\":\"bearer\"}", 400, "token_exchange_failed"),
            (200, "{\"access_token\":\"a\",\"token_type\":\"mac\",\"id_token\":\"a.b.c\"}", 400, "token_exchange_failed"),
            (200, "{\"access_token\":\"a\",\"token_type\":\"bearer\",\"id_token\":\"a.b.c\"}", 400, "id_token_invalid"),
        ] {
            provider.says(Says { token_answer: Some((status, body.to_owned())), ..Says::default() });
            let answer = sign_in(&app, &provider).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (found, code), "{status} {body}");
        }
        assert_eq!(people(&app).await, 0);
    }

    async fn an_access_token_is_checked_where_an_audience_is_set(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, &format!("{JUST_IN_TIME}\naudience = \"api\"")).await;
        // An opaque one can not be for that audience.
        sign_in(&app, &provider).await.refused(400, "id_token_invalid");
    }
}
