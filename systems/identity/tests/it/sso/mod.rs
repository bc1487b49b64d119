//! Signing in at other providers: at a certified one, and at one of ours that lies in every way it can.

mod attacks;
mod certified;
mod discovery;
mod hostile;
mod linking;
mod logins;
mod providers;

use testkit::{Answer, Client, Engine, TestApp};

use hostile::Hostile;

const SSO: &str = "/api/v1/auth/sso";
const PROVIDERS: &str = "/api/v1/sso/providers";
const LINK: &str = "/api/v1/auth/sso/link";
const IDENTITIES: &str = "/api/v1/auth/sso/identities";

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
        settings += &format!(
            "[sso.providers.{name}]\nissuer = \"{}\"\nclient_id = \"mainstay\"\nclient_secret = \"a secret\"\n{more}\n",
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
    let answer = app.anonymous().get(format!("{SSO}/{name}/login{query}")).await.expect(302);
    let cookie = answer.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie");
    Begun { location: answer.header("location").expect("a location").to_owned(), cookie: cookie.to_owned() }
}

/// Comes back with these parameters and this cookie.
async fn come_back(app: &TestApp, name: &str, query: &str, cookie: &str) -> Answer {
    visitor(app, cookie).get(format!("{SSO}/{name}/callback?{query}")).await
}

fn visitor(app: &TestApp, cookie: &str) -> Client {
    if cookie.is_empty() { app.anonymous() } else { app.anonymous().with("cookie", cookie) }
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
