//! What a provider says of itself: believed only when it is about that issuer, small, quick, and not asked for too often.

use std::time::{Duration, Instant};

use serde_json::json;

use super::hostile::Says;
use super::{Hostile, JUST_IN_TIME, SSO, browser, house, sign_in};

const DOCUMENT: &str = "/.well-known/openid-configuration";

testkit::on_both! {
    async fn a14_a_document_of_another_issuer_is_refused(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        for document in [
            json!({"issuer": "https://evil.test"}),
            json!({"issuer": format!("{}/", provider.issuer())}),
            json!({"issuer": null}),
            json!({"token_endpoint": "file:///etc/passwd"}),
            json!({"authorization_endpoint": "javascript:alert(1)"}),
            json!({"jwks_uri": null}),
            json!({"code_challenge_methods_supported": ["plain"]}),
        ] {
            provider.says(Says { document: document.clone(), ..Says::default() });
            let answer = browser(&app).get(format!("{SSO}/idp/login")).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (502, "provider_misconfigured"), "{document}");
        }
    }

    async fn a14_a31_cve_2026_4874_endpoints_inside_are_not_reached(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let inside = peers::Canary::listen().await;
        for host in ["127.0.0.1", "[::1]", "0.0.0.0", "169.254.169.254", "[::ffff:127.0.0.1]"] {
            let document = json!({"jwks_uri": format!("http://{host}:{}/jwks", inside.port)});
            provider.says(Says { document, ..Says::default() });
            let answer = browser(&app).get(format!("{SSO}/idp/login")).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (502, "upstream_error"), "{host}");
        }
        assert_eq!(inside.touched().await, 0);
    }

    async fn a14_keys_that_are_too_large_or_too_slow_or_none_cost_little(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let login = async || browser(&app).get(format!("{SSO}/idp/login")).await;
        provider.says(Says { jwks: Some(vec![b' '; 10 << 20]), ..Says::default() });
        login().await.refused(502, "upstream_error");
        provider.says(Says { slow: Duration::from_mins(1), ..Says::default() });
        let began = Instant::now();
        login().await.refused(502, "upstream_error");
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        for jwks in ["", "{}", "[]", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "{\"keys\":7}"] {
            provider.says(Says { jwks: Some(jwks.as_bytes().to_vec()), ..Says::default() });
            login().await.refused(502, "provider_misconfigured");
        }
        provider.says(Says::default());
        login().await.expect(302);
    }

    async fn a_provider_that_is_gone_is_a_502_and_not_our_failure(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        provider.says(Says { document: json!({"token_endpoint": "http://127.0.0.2:1/token"}), ..Says::default() });
        sign_in(&app, &provider).await.refused(502, "upstream_error");
    }

    async fn a14_rotated_keys_are_found_and_unknown_ones_do_not_make_us_ask(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        sign_in(&app, &provider).await.expect(200);
        app.clock().advance(Duration::from_mins(1));
        provider.rotate("two");
        sign_in(&app, &provider).await.expect(200);
        assert_eq!(provider.asked("/jwks"), 2);
        // A crowd with tokens of made-up keys.
        for n in 0..20 {
            provider.says(Says { header: json!({"kid": format!("made-up-{n}")}), ..Says::default() });
            sign_in(&app, &provider).await.refused(400, "id_token_invalid");
        }
        assert_eq!(provider.asked("/jwks"), 2);
        // Rotated twice within a minute: known again when the minute is over.
        provider.says(Says::default());
        provider.rotate("three");
        sign_in(&app, &provider).await.refused(400, "id_token_invalid");
        app.clock().advance(Duration::from_mins(1));
        sign_in(&app, &provider).await.expect(200);
        assert_eq!((provider.asked("/jwks"), provider.asked(DOCUMENT)), (3, 1));
        app.clock().advance(Duration::from_hours(1));
        sign_in(&app, &provider).await.expect(200);
        assert_eq!(provider.asked(DOCUMENT), 2, "believed for an hour");
    }

    async fn a_crowd_at_the_door_asks_the_provider_once(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let client = browser(&app);
        let logins = (0..32).map(|_| client.get(format!("{SSO}/idp/login")));
        for answer in futures_util::future::join_all(logins).await {
            answer.expect(302);
        }
        assert_eq!((provider.asked(DOCUMENT), provider.asked("/jwks")), (1, 1));
    }
}
