//! Signing in at other providers: at a certified one, and at one of ours that lies in every way it can.

mod attacks;
mod certified;
mod discovery;
mod hostile;
mod linking;
mod logins;
mod providers;

use std::fmt::Write as _;

use testkit::{Answer, Client, Engine, TestApp};

use hostile::Hostile;

const SSO: &str = "/api/v1/auth/sso";
pub(super) const PROVIDERS: &str = "/api/v1/sso/providers";
const LINK: &str = "/api/v1/auth/sso/link";
pub(super) const IDENTITIES: &str = "/api/v1/auth/sso/identities";

/// Limits that these tests do not meet, cheap passwords, and the one network where their providers are.
const SETTINGS: &str = "public_workspace = \"main\"\n\
    [limits]\nsigned_in = 1000000\nanonymous = 1000000\nsign_in = 1000000\nrefresh = 1000000\n\
    [outbound]\nallow = [\"127.0.0.2/32\"]\n\
    [identity]\npassword_memory_kib = 64\npassword_passes = 1\n";

/// A house in which people can sign in at this provider, under the name `idp`.
async fn house(engine: Engine, provider: &Hostile, more: &str) -> TestApp {
    house_of(engine, &[("idp", provider, more)]).await
}

async fn house_of(engine: Engine, providers: &[(&str, &Hostile, &str)]) -> TestApp {
    let mut settings = SETTINGS.to_owned();
    for (name, provider, more) in providers {
        let _ = writeln!(
            settings,
            "[sso.providers.{name}]\nissuer = \"{}\"\nclient_id = \"mainstay\"\nclient_secret = \"a secret\"\n{more}",
            provider.issuer()
        );
    }
    let app = TestApp::with(engine, vec![identity::system()], &settings).await;
    for (_, provider, _) in providers {
        provider.goes_by(app.clock().clone());
    }
    app
}

/// New people get an account.
const JUST_IN_TIME: &str = "provisioning = \"just_in_time\"";

/// Somebody on the way to a provider: where the browser was sent, and the cookie it carries.
#[derive(Clone)]
struct Begun {
    location: String,
    cookie: String,
}

impl Begun {
    /// A parameter of the address at the provider.
    fn param(&self, name: &str) -> String {
        param(&self.location, name)
    }
}

fn param(url: &str, name: &str) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query::Params::parse(query).expect("a query").get(name).unwrap_or_default().to_owned()
}

/// Begins a sign-in.
async fn begin(app: &TestApp, name: &str, query: &str) -> Begun {
    let answer = browser(app).get(format!("{SSO}/{name}/login{query}")).await.expect(302);
    let cookie = answer.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie");
    Begun { location: answer.header("location").expect("a location").to_owned(), cookie: cookie.to_owned() }
}

/// Comes back with these parameters and this cookie.
async fn come_back(app: &TestApp, name: &str, query: &str, cookie: &str) -> Answer {
    let browser = browser(app);
    let browser = if cookie.is_empty() { browser } else { browser.with("cookie", cookie) };
    browser.get(format!("{SSO}/{name}/callback?{query}")).await
}

/// Somebody on this very machine, where cookies need no HTTPS.
fn browser(app: &TestApp) -> Client {
    app.anonymous().with("host", "127.0.0.1:8080")
}

/// The whole way at a hostile provider, which says what it was told to say.
async fn sign_in(app: &TestApp, provider: &Hostile) -> Answer {
    let begun = begin(app, "idp", "").await;
    provider.began(&begun.location);
    come_back(app, "idp", &format!("code=a-code&state={}", begun.param("state")), &begun.cookie).await
}

/// Who that is, for a pair of tokens.
async fn me(app: &TestApp, pair: &Answer) -> serde_json::Value {
    app.anonymous().bearer(&pair.text("access_token")).get(super::ME).await.expect(200).json()
}

/// Who somebody is at a provider, without going there.
pub(super) async fn linked(app: &TestApp, person: &str) -> String {
    let person: types::PersonId = person.parse().expect("an id");
    let made = app.db().write(person, |tx, person| {
        Box::pin(async move {
            let sql = "INSERT INTO sso_identities (id, person_id, provider, issuer, subject, created_at, last_used_at) \
                       VALUES ($1, $1, 'idp', 'https://idp.example.test', 'a', 0, 0)";
            tx.execute(sql, db::params![*person]).await?;
            Ok(person.to_string().replace("per_", "idn_"))
        })
    });
    made.await.expect("an identity")
}
