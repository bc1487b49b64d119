//! A person signs in at a real provider, in its own forms: `oidc-provider`, which the OpenID Foundation has certified.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use peers::Oidc;
use serde_json::json;
use testkit::TestApp;

use super::{LINK, SETTINGS, begin, come_back, me, param};
use crate::PASSWORD;

const CALLBACK: &str = "http://127.0.0.1:8080/api/v1/auth/sso/{provider}/callback";
const ALGORITHMS: [&str; 6] = ["rs256", "rs384", "rs512", "es256", "es384", "eddsa"];

/// One for all tests of this process: it takes seconds to start.
fn provider() -> &'static Oidc {
    static PROVIDER: OnceLock<Oidc> = OnceLock::new();
    PROVIDER.get_or_init(|| Oidc::start(CALLBACK))
}

/// A house whose clock stands at the real time, because the provider goes by that.
async fn house(engine: testkit::Engine) -> TestApp {
    let mut settings = SETTINGS.to_owned();
    for name in ALGORITHMS.iter().chain(&["public"]) {
        let _ = writeln!(
            settings,
            "[sso.providers.{name}]\nissuer = \"{}\"\nclient_id = \"{name}\"\nprovisioning = \"just_in_time\"\nworkspace = \"main\"",
            provider().issuer()
        );
        if *name != "public" {
            let _ = writeln!(settings, "client_secret = \"{}\"", Oidc::SECRET);
        }
    }
    let app = TestApp::with(engine, vec![identity::system()], &settings).await;
    app.clock().advance(types::Clock::system().now().since(app.clock().now()));
    app
}

/// From the address that the provider sent somebody back to, on to the end.
async fn on(app: &TestApp, name: &str, back: &str, cookie: &str) -> testkit::Answer {
    assert!(back.starts_with(&CALLBACK.replace("{provider}", name)), "{back}");
    come_back(app, name, back.split_once('?').expect("a query").1, cookie).await
}

testkit::on_both! {
    async fn a_certified_provider_signs_a_person_in_with_every_algorithm(engine: Engine) {
        let app = house(engine).await;
        app.owner("Main").await;
        let mut people = Vec::new();
        for name in ALGORITHMS.iter().chain(&["public"]) {
            let begun = begin(&app, name, "").await;
            let back = provider().sign_in(&begun.location, "someone@example.test").await;
            let pair = on(&app, name, &back, &begun.cookie).await.expect(200);
            people.push(me(&app, &pair).await);
            // A code works once, there and here.
            on(&app, name, &back, &begun.cookie).await.refused(400, "state_invalid");
        }
        assert_eq!((&people[0]["email"], &people[0]["name"]), (&json!("someone@example.test"), &json!("Somebody")));
        assert_eq!(people[0]["memberships"][0]["role"], json!("member"));
        assert!(people.iter().all(|one| one["id"] == people[0]["id"]), "one person, whoever signs the token");
    }

    async fn a_certified_provider_says_no(engine: Engine) {
        let app = house(engine).await;
        app.owner("Main").await;
        let begun = begin(&app, "es256", "").await;
        let back = provider().cancel(&begun.location).await;
        let answer = on(&app, "es256", &back, &begun.cookie).await;
        assert_eq!(answer.json()["said"], "access_denied");
        answer.refused(403, "provider_refused");
        let begun = begin(&app, "es256", "").await;
        let back = provider().sign_in(&begun.location, "unverified@example.test").await;
        on(&app, "es256", &back, &begun.cookie).await.refused(403, "email_not_verified");
        let begun = begin(&app, "es256", "").await;
        let back = provider().sign_in(&begun.location, "nobody").await;
        on(&app, "es256", &back, &begun.cookie).await.refused(403, "email_not_verified");
    }

    async fn a_certified_provider_refuses_a_code_of_another_login(engine: Engine) {
        let app = house(engine).await;
        app.owner("Main").await;
        let (mine, theirs) = (begin(&app, "rs256", "").await, begin(&app, "rs256", "").await);
        let back = provider().sign_in(&theirs.location, "victim@example.test").await;
        // The code of somebody else, with a state of one's own: PKCE stands between.
        let code = param(&back, "code");
        let query = format!("code={code}&state={}&iss={}", mine.param("state"), provider().issuer());
        come_back(&app, "rs256", &query, &mine.cookie).await.refused(400, "token_exchange_failed");
    }

    async fn a_certified_provider_asks_for_the_password_of_an_account_first(engine: Engine) {
        let app = house(engine).await;
        let owner = app.owner("Main").await;
        let begun = begin(&app, "eddsa", "").await;
        let back = provider().sign_in(&begun.location, &owner.email).await;
        let answer = on(&app, "eddsa", &back, &begun.cookie).await;
        let ticket = answer.text("ticket");
        answer.refused(401, "link_required");
        let linked = app.anonymous().post(LINK, json!({"ticket": ticket, "password": PASSWORD})).await.expect(200);
        assert_eq!(me(&app, &linked).await["id"], json!(owner.id));
        app.clock().advance(Duration::from_secs(1));
        let begun = begin(&app, "eddsa", "").await;
        let back = provider().sign_in(&begun.location, &owner.email).await;
        assert_eq!(me(&app, &on(&app, "eddsa", &back, &begun.cookie).await.expect(200)).await["id"], json!(owner.id));
    }
}
