//! The way there, and the way back.

use db::Tx;
use http::HeaderMap;
use query::Params;
use types::{Error, Installation, Result};
use web::{App, Fault, Way};

use super::model::{Login, callback_path, is_own_path};
use super::store;
use crate::Identity;
use crate::secrets::{hash, same};
use crate::sso::exchange::{Begun, Profile, exchange};
use crate::sso::providers::{self, Provider};

/// Longer codes are nobody's.
const LONGEST: usize = 4096;

/// The address that the provider is told, and must have been told by its operator. Made from the settings and never from a
/// request, whose `Host` may be anybody's.
pub(crate) fn callback_url(app: &App, provider: &str) -> String {
    format!("{}{}", base(app), callback_path(provider))
}

fn base(app: &App) -> String {
    app.settings().get::<config::sections::Server>().public_address(None)
}

/// Whether the cookie of a login is a secure one, or of this machine only.
pub(crate) fn is_https(app: &App) -> bool {
    base(app).starts_with("https://")
}

/// Where whoever begins wants to end up, if they say so.
pub(crate) fn wish(query: &str) -> Result<Option<String>> {
    let params = Params::parse(query)?;
    params.only(&["return_to"])?;
    let return_to = params.get("return_to").map(str::to_owned);
    if return_to.as_deref().is_some_and(|path| !is_own_path(path)) {
        let error = Error::malformed("bad_parameter", "A parameter of the query string is not valid.");
        return Err(error.at_field("return_to", "path", "must be a plain path of this server, as /console"));
    }
    Ok(return_to)
}

/// Begins: where the browser is sent, and what it carries along.
pub(crate) async fn begin(
    app: &App,
    inst: &Installation,
    name: &str,
    headers: &HeaderMap,
    return_to: Option<String>,
) -> Result<(String, Login)> {
    let provider = providers::named(app, inst, name).await?;
    // Somebody whose browser would throw the cookie away is told so now and not when they come back.
    Way::of(app, headers)?;
    let identity = app.extension::<Identity>()?;
    let known = identity.directory.known(app, &provider.issuer).await?;
    let login = Login::begin(name, &provider.issuer, return_to, app.clock().now());
    let (scope, callback, challenge) =
        (provider.scopes.join(" "), callback_url(app, name), login.challenge());
    let url = known.document.authorize(&[
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", &callback),
        ("scope", &scope),
        ("state", &login.state),
        ("nonce", &login.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    Ok((url, login))
}

/// Somebody who came back, with the login that they began.
pub(crate) struct Return {
    pub(crate) provider: Provider,
    pub(crate) login: Login,
    params: Params,
}

/// Whether somebody who comes back is who left, at the place they left for, and the first to do so. From here on the login is
/// used up, whatever becomes of it.
pub(crate) async fn returned(
    app: &App,
    inst: &Installation,
    name: &str,
    query: &str,
    cookie: Option<&str>,
) -> Result<Return> {
    let params = Params::parse(query)?;
    let identity = app.extension::<Identity>()?;
    let now = app.clock().now();
    let login = cookie.and_then(|sealed| Login::open(&identity.secrets, sealed)).ok_or_else(bad_state)?;
    let state = params.get("state").unwrap_or_default();
    if !same(state.as_bytes(), login.state.as_bytes()) || login.provider != name || !login.lives(now) {
        return Err(bad_state());
    }
    if !app.broken(Fault::EndlessState) {
        let used = (inst.clone(), hash(&login.state), login.forgotten_at());
        let take = app.db().write(used, |tx: &mut Tx, (inst, state, until)| {
            Box::pin(async move {
                let now = tx.now();
                store::take(tx, inst, state, now, *until).await
            })
        });
        if !take.await? {
            return Err(bad_state());
        }
    }
    let provider = providers::named(app, inst, name).await?;
    if provider.issuer != login.issuer {
        return Err(bad_state());
    }
    Ok(Return { provider, login, params })
}

impl Return {
    /// What the provider says of whoever came back.
    pub(crate) async fn profile(&self, app: &App) -> Result<Profile> {
        let Self { provider, login, params } = self;
        let identity = app.extension::<Identity>()?;
        let document = identity.directory.known(app, &provider.issuer).await?.document;
        self.check_issuer(document.names_itself())?;
        if params.get("error").is_some() {
            return Err(refused_there(params));
        }
        let code = params.get("code").filter(|code| !code.is_empty() && code.len() <= LONGEST);
        let code =
            code.ok_or_else(|| Error::malformed("code_missing", "The provider's answer has no code in it."))?;
        let begun = Begun {
            callback_url: &callback_url(app, &provider.name),
            verifier: &login.verifier,
            nonce: &login.nonce,
        };
        exchange(app, &identity.directory, provider, begun, code).await
    }

    /// RFC 9207: an answer of another provider is taken for no answer, however it got here.
    fn check_issuer(&self, must: bool) -> Result<()> {
        match self.params.get("iss") {
            Some(issuer) if issuer == self.provider.issuer => Ok(()),
            None if !must => Ok(()),
            _ => {
                let message = "The answer does not come from the provider where this sign-in began.";
                Err(Error::malformed("issuer_mismatch", message))
            }
        }
    }
}

/// The provider said no, or the person did.
fn refused_there(params: &Params) -> Error {
    let word = |text: &str| {
        text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let error = Error::forbidden("provider_refused", "The provider did not sign you in.");
    match params.get("error").filter(|text| word(text)) {
        Some(said) => error.with("said", said),
        None => error,
    }
}

/// One refusal for everything that may be wrong with a state.
fn bad_state() -> Error {
    let message =
        "This sign-in was not begun in this browser, was used before, or took too long. Begin again.";
    Error::malformed("state_invalid", message)
}
