//! The way there and back, and who may come back how often.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use testkit::TestApp;
use web::Fault;

use super::hostile::Says;
use super::{
    Begun, Hostile, JUST_IN_TIME, SETTINGS, SSO, begin, browser, come_back, house, house_of, me, param,
    sign_in,
};
use crate::factors::with_totp;
use crate::{ME, PASSWORD, SESSIONS};

/// How many of 64 who come back with one state are let in.
async fn winners(app: &TestApp, provider: &Hostile) -> usize {
    let begun = begin(app, "idp", "").await;
    provider.began(&begun.location);
    let query = format!("code=a-code&state={}", begun.param("state"));
    let answers = join_all((0..64).map(|_| come_back(app, "idp", &query, &begun.cookie))).await;
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "state_invalid"),
            "{}",
            answer.json()
        );
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

testkit::on_both! {
    async fn somebody_new_signs_in_and_comes_again(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, &format!("{JUST_IN_TIME}\nworkspace = \"main\"")).await;
        let owner = app.owner("Main").await;
        let pair = sign_in(&app, &provider).await.expect(200);
        assert_eq!((pair.text("token_type").as_str(), pair.header("cache-control")), ("bearer", Some("no-store")));
        let first = me(&app, &pair).await;
        assert_eq!((&first["email"], &first["memberships"][0]["role"]), (&json!("new@example.test"), &json!("member")));
        assert_eq!(first["memberships"][0]["workspace"]["id"], json!(owner.workspace));
        assert_ne!(first["id"], json!(owner.id));
        // Whoever they are there counts, not what they are called.
        provider.claims(json!({"email": "renamed@example.test"}));
        let again = me(&app, &sign_in(&app, &provider).await.expect(200)).await;
        assert_eq!((&again["id"], &again["email"]), (&first["id"], &first["email"]));
        assert_eq!(provider.complaints(), Vec::<String>::new());
        assert_eq!(provider.asked("/jwks"), 1, "the keys are remembered");
        let told = crate::events(&app, first["id"].as_str().expect("an id")).await;
        assert_eq!(told, ["person.created", "person.sso_linked"]);
    }

    async fn a14_what_a_provider_is_sent_binds_the_way_back(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let (one, other) = (begin(&app, "idp", "").await, begin(&app, "idp", "").await);
        assert!(one.location.starts_with(&format!("{}/authorize?", provider.issuer())), "{}", one.location);
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "mainstay"),
            ("scope", "openid email profile"),
            ("code_challenge_method", "S256"),
            ("redirect_uri", "http://127.0.0.1:8080/api/v1/auth/sso/idp/callback"),
        ] {
            assert_eq!(one.param(name), value, "{name}");
        }
        for name in ["state", "nonce", "code_challenge"] {
            assert_eq!(one.param(name).len(), 43, "{name}");
            assert_ne!(one.param(name), other.param(name), "{name}");
            assert!(!one.cookie.contains(&one.param(name)), "the cookie tells {name}");
        }
        assert!(one.param("code_verifier").is_empty());
        // Nobody's `Host` gets into what the provider is told (A21).
        let ask = app.anonymous().ask(Method::GET, format!("{SSO}/idp/login"));
        let answer = ask.header("host", "localhost:9").header("x-forwarded-host", "evil.test").send().await.expect(302);
        assert_eq!(param(answer.header("location").expect("a location"), "redirect_uri"), one.param("redirect_uri"));
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=300"), "{cookie}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }

    async fn over_https_the_cookie_is_secure_and_of_this_host_alone(engine: Engine) {
        let provider = Hostile::start().await;
        let https = format!("[server]\npublic_url = \"https://house.example.test\"\n{}", SETTINGS.replace("public_workspace = \"main\"\n", ""));
        let settings = format!("{https}[sso.providers.idp]\nissuer = \"{}\"\nclient_id = \"mainstay\"\n", provider.issuer());
        let app = TestApp::with(engine, vec![identity::system()], &settings).await;
        let answer = browser(&app).get(format!("{SSO}/idp/login")).await.expect(302);
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(cookie.starts_with("__Host-mainstay-sso=") && cookie.contains("; Path=/; Secure; HttpOnly;"), "{cookie}");
        let back = param(answer.header("location").expect("a location"), "redirect_uri");
        assert_eq!(back, "https://house.example.test/api/v1/auth/sso/idp/callback");
        let plain = settings.replace("https://house.example.test", "http://192.168.1.5:8080");
        let app = TestApp::with(engine, vec![identity::system()], &plain).await;
        for host in ["192.168.1.5:8080", "localhost.evil.test", "mainstay.lan"] {
            let answer = app.anonymous().with("host", host).get(format!("{SSO}/idp/login")).await;
            answer.refused(403, "insecure_address");
        }
    }

    async fn a14_check_12_cve_2026_7507_cve_2026_9689_a_state_is_for_its_own_browser_provider_and_time(engine: Engine) {
        let (provider, second) = (Hostile::start().await, Hostile::start().await);
        let app = house_of(engine, &[("idp", &provider, JUST_IN_TIME), ("second", &second, JUST_IN_TIME)]).await;
        let (begun, other) = (begin(&app, "idp", "").await, begin(&app, "idp", "").await);
        provider.began(&begun.location);
        let query = |begun: &Begun| format!("code=a-code&state={}", begun.param("state"));
        let refused = [
            ("idp", "code=a-code".to_owned(), begun.cookie.clone()),
            ("idp", "code=a-code&state=".to_owned(), begun.cookie.clone()),
            ("idp", query(&begun), String::new()),
            ("idp", query(&begun), "mainstay-sso=".to_owned()),
            ("idp", query(&begun), format!("{}x", begun.cookie)),
            ("idp", query(&begun), format!("{}; {}", begun.cookie, begun.cookie)),
            ("idp", query(&begun), begun.cookie.replace("mainstay-sso", "__Host-mainstay-sso")),
            // Another browser, and this one after it began anew.
            ("idp", query(&begun), other.cookie.clone()),
            ("idp", query(&other), begun.cookie.clone()),
            // Mix-up: what was begun at one provider comes back at another.
            ("second", query(&begun), begun.cookie.clone()),
        ];
        for (name, query, cookie) in refused {
            let answer = come_back(&app, name, &query, &cookie).await;
            assert_eq!(answer.header("set-cookie"), None, "what somebody else has begun is left alone");
            answer.refused(400, "state_invalid");
        }
        come_back(&app, "idp", &format!("{0}&state={1}", query(&begun), other.param("state")), &begun.cookie).await.refused(400, "duplicate_parameter");
        assert_eq!(provider.asked("/token") + second.asked("/token"), 0);
        let answer = come_back(&app, "idp", &query(&begun), &begun.cookie).await.expect(200);
        assert!(answer.header("set-cookie").is_some_and(|line| line.starts_with("mainstay-sso=; ")), "{:?}", answer.headers);
        come_back(&app, "idp", &query(&begun), &begun.cookie).await.refused(400, "state_invalid");
        app.clock().advance(Duration::from_mins(5));
        come_back(&app, "idp", &query(&other), &other.cookie).await.refused(400, "state_invalid");
        assert_eq!(provider.asked("/token"), 1);
    }

    async fn a14_a_login_that_failed_can_not_be_tried_again(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let begun = begin(&app, "idp", "").await;
        provider.began(&begun.location);
        let query = format!("state={}", begun.param("state"));
        come_back(&app, "idp", &query, &begun.cookie).await.refused(400, "code_missing");
        come_back(&app, "idp", &format!("{query}&code=a-code"), &begun.cookie).await.refused(400, "state_invalid");
    }

    async fn a14_64_ways_back_have_one_winner(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        assert_eq!(winners(&app, &provider).await, 1);
        assert_eq!(provider.asked("/token"), 1);
    }

    async fn a14_the_test_of_64_ways_back_can_fail(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        sign_in(&app, &provider).await.expect(200);
        app.faults.plant(Fault::EndlessState);
        assert!(winners(&app, &provider).await > 1, "the planted fault was not seen");
    }

    async fn a14_two_nodes_let_one_of_them_in(engine: Engine) {
        if engine == testkit::Engine::Sqlite {
            // One process only: the second node would be refused the data folder.
            return;
        }
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let beside = app.beside(None).await;
        let begun = begin(&app, "idp", "").await;
        provider.began(&begun.location);
        let query = format!("code=a-code&state={}", begun.param("state"));
        let (here, there) = (come_back(&app, "idp", &query, &begun.cookie), come_back(&beside, "idp", &query, &begun.cookie));
        let (here, there) = tokio::join!(here, there);
        let mut both = [here.status.as_u16(), there.status.as_u16()];
        both.sort_unstable();
        assert_eq!(both, [200, 400]);
    }

    async fn a14_an_answer_of_another_issuer_is_no_answer(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let back = async |iss: &str| {
            let begun = begin(&app, "idp", "").await;
            provider.began(&begun.location);
            come_back(&app, "idp", &format!("code=a-code&state={}{iss}", begun.param("state")), &begun.cookie).await
        };
        let own = format!("&iss={}", provider.issuer());
        back(&own).await.expect(200);
        back("").await.expect(200);
        back("&iss=https%3A%2F%2Fevil.test").await.refused(400, "issuer_mismatch");
        back("&iss=").await.refused(400, "issuer_mismatch");
        // A provider that says that it always tells: then it always has to.
        provider.says(Says {
            document: json!({"authorization_response_iss_parameter_supported": true}),
            ..Default::default()
        });
        app.clock().advance(Duration::from_hours(1));
        back("").await.refused(400, "issuer_mismatch");
        back(&own).await.expect(200);
    }

    async fn a_provider_that_says_no_is_quoted_and_not_believed(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        for (said, told) in [("access_denied", json!("access_denied")), ("%3Cscript%3E", json!(null)), ("a%0d%0ab", json!(null))] {
            let begun = begin(&app, "idp", "").await;
            let query = format!("error={said}&error_description=%3Cb%3E&state={}", begun.param("state"));
            let answer = come_back(&app, "idp", &query, &begun.cookie).await;
            assert_eq!(answer.json()["said"], told, "{}", answer.json());
            answer.refused(403, "provider_refused");
        }
        // Without a state it comes from nowhere.
        come_back(&app, "idp", "error=access_denied", "").await.refused(400, "state_invalid");
    }

    async fn a15_only_a_path_of_our_own_is_returned_to(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        for evil in [
            "//evil.test", "%2F%2Fevil.test", "%5C%5Cevil.test", "%2F%5Cevil.test", "https:evil.test", "https%3A%2F%2Fevil.test", "@evil.test",
            "%2F%250d%250aSet-Cookie", "%2F%0d%0aSet-Cookie%3Aa%3Db", "javascript:alert(1)", ".evil.test", "", "%2Fapi%2Fv1%2Fauth%2Fme",
        ] {
            browser(&app).get(format!("{SSO}/idp/login?return_to={evil}")).await.refused(400, "bad_parameter");
        }
        browser(&app).get(format!("{SSO}/idp/login?returnto=/")).await.refused(400, "bad_parameter");
        begin(&app, "idp", "?return_to=/console").await;
    }

    async fn providers_that_are_not_there_or_switched_off_are_not_there(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "enabled = false").await;
        for name in ["idp", "none", "..", "IDP", "a%00b", "%27"] {
            for way in ["login", "callback"] {
                let answer = app.anonymous().get(format!("{SSO}/{name}/{way}")).await;
                let status = answer.status.as_u16();
                assert!(matches!(status, 400 | 404), "{name}: {status}");
            }
        }
        browser(&app).get(format!("{SSO}/idp/login")).await.refused(404, "not_found");
        assert_eq!(app.anonymous().get(SSO).await.expect(200).json(), json!({"items": []}));
        assert_eq!(provider.asked("/.well-known/openid-configuration"), 0);
    }
}

/// What a browser holds after an answer, without what was taken from it.
fn cookies(answer: &testkit::Answer) -> Vec<String> {
    let lines = answer.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    lines
        .filter(|line| !line.contains("Max-Age=0"))
        .filter_map(|line| Some(line.split(';').next()?.to_owned()))
        .collect()
}

testkit::on_both! {
    async fn a_browser_ends_up_where_it_wanted_with_a_session_of_its_own(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let begun = begin(&app, "idp", "?return_to=/console?tab=new").await;
        provider.began(&begun.location);
        let query = format!("code=a-code&state={}", begun.param("state"));
        let answer = come_back(&app, "idp", &query, &begun.cookie).await.expect(303);
        assert_eq!((answer.header("location"), answer.header("cache-control")), (Some("/console?tab=new"), Some("no-store")));
        let held = cookies(&answer);
        assert!(held.len() == 1 && held[0].starts_with("mainstay-loopback=cs_"), "{held:?}");
        let signed_in = browser(&app).with("cookie", &held[0]);
        assert_eq!(signed_in.get(ME).await.expect(200).text("email"), "new@example.test");
        // Whatever session the browser had before is over (A16).
        let begun = begin(&app, "idp", "?return_to=/").await;
        provider.began(&begun.location);
        let query = format!("code=a-code&state={}", begun.param("state"));
        let both = format!("{}; {}", begun.cookie, held[0]);
        let next = cookies(&come_back(&app, "idp", &query, &both).await.expect(303));
        assert_ne!(next, held);
        signed_in.get(ME).await.expect(401);
        browser(&app).with("cookie", &next[0]).get(ME).await.expect(200);
    }

    async fn a_browser_is_asked_for_the_password_on_a_page(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let owner = app.owner("Main").await;
        provider.claims(json!({"email": owner.email}));
        let begun = begin(&app, "idp", "?return_to=/console").await;
        provider.began(&begun.location);
        let query = format!("code=a-code&state={}", begun.param("state"));
        let page = come_back(&app, "idp", &query, &begun.cookie).await.expect(401);
        let text = String::from_utf8_lossy(&page.body).into_owned();
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{text}");
        assert_eq!((page.header("referrer-policy"), page.header("cache-control")), (Some("strict-origin"), Some("no-store")));
        let ticket = text.split_once("name=\"ticket\" value=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a ticket").0.to_owned();
        let send = async |origin: &str, password: &str| {
            let form = [("ticket", ticket.as_str()), ("password", password)];
            let ask = browser(&app).ask(Method::POST, "/sso/link").header("origin", origin);
            ask.form(&form).send().await
        };
        // A17: a form of another site sends nothing.
        send("https://evil.test", PASSWORD).await.refused(403, "cross_site");
        let again = send("http://127.0.0.1:8080", "not <the> password").await.expect(401);
        let text = String::from_utf8_lossy(&again.body).into_owned();
        assert!(text.contains("role=\"alert\"") && text.contains(&ticket) && !text.contains("<the>"), "{text}");
        let linked = send("http://127.0.0.1:8080", PASSWORD).await.expect(303);
        assert_eq!(linked.header("location"), Some("/console"));
        let held = cookies(&linked);
        assert_eq!(browser(&app).with("cookie", &held[0]).get(ME).await.expect(200).text("id"), owner.id);
        let used = send("http://127.0.0.1:8080", PASSWORD).await.expect(401);
        assert!(String::from_utf8_lossy(&used.body).contains("link_ticket_invalid"));
    }

    async fn a_browser_is_asked_for_the_second_factor_on_a_page(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, JUST_IN_TIME).await;
        let pair = sign_in(&app, &provider).await.expect(200);
        let client = app.anonymous().bearer(&pair.text("access_token"));
        let (phone, _) = with_totp(&app, &client).await;
        let begun = begin(&app, "idp", "?return_to=/console").await;
        provider.began(&begun.location);
        let query = format!("code=a-code&state={}", begun.param("state"));
        let page = come_back(&app, "idp", &query, &begun.cookie).await.expect(401);
        let text = String::from_utf8_lossy(&page.body).into_owned();
        assert!(text.contains("<h1>One more step</h1>") && cookies(&page).is_empty(), "{text}");
        let challenge = text.split_once("name=\"challenge\" value=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a challenge").0.to_owned();
        let send = async |origin: &str, code: &str, path: &str| {
            let form = [("challenge", challenge.as_str()), ("code", code), ("return_to", path)];
            let ask = browser(&app).ask(Method::POST, "/sso/second-factor").header("origin", origin);
            ask.form(&form).send().await
        };
        let code = phone.code(app.clock().now());
        send("https://evil.test", &code, "/console").await.refused(403, "cross_site");
        let again = send("http://127.0.0.1:8080", &phone.wrong(app.clock().now()), "/\"><i>").await.expect(401);
        let text = String::from_utf8_lossy(&again.body).into_owned();
        assert!(text.contains("role=\"alert\"") && text.contains(&challenge) && !text.contains("<i>"), "{text}");
        // A15: the way on is one of this house, whatever the form says.
        let opened = send("http://127.0.0.1:8080", &code, "https://evil.test/").await.expect(303);
        assert_eq!(opened.header("location"), Some("/"));
        let own = browser(&app).with("cookie", &cookies(&opened)[0]).get(SESSIONS).await.expect(200).json();
        assert_eq!(own["items"][0]["methods"], json!(["sso", "totp"]));
        app.clock().advance(Duration::from_secs(30));
        let used = send("http://127.0.0.1:8080", &phone.code(app.clock().now()), "/console").await.expect(401);
        assert!(String::from_utf8_lossy(&used.body).contains("challenge_invalid"));
    }

    async fn a_browser_that_is_refused_sees_a_page(engine: Engine) {
        let provider = Hostile::start().await;
        let app = house(engine, &provider, "").await;
        let begun = begin(&app, "idp", "?return_to=/console").await;
        let query = format!("error=access_denied&state={}", begun.param("state"));
        let page = come_back(&app, "idp", &query, &begun.cookie).await.expect(403);
        let text = String::from_utf8_lossy(&page.body).into_owned();
        assert!(text.contains("<h1>Signing in did not work</h1>") && text.contains("provider_refused"), "{text}");
        assert!(page.header("content-security-policy").is_some() && cookies(&page).is_empty());
    }
}
