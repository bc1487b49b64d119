//! One code for one profile: what is asked of the provider once somebody came back from it.
//!
//! Owns the calls to the token and the userinfo endpoint, and what of their answers is believed. Nothing here is tried twice: a
//! code works once. Refuses to know what becomes of the profile.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outbound::{Request, StatusCode};
use serde::Deserialize;
use std::time::Duration;
use types::{Error, Problems, Result};
use web::App;

use super::discovery::{Directory, Document, Method, encoded, misconfigured, unreachable};
use super::providers::Provider;
use super::token::{self, About, Expected};
use crate::people::Email;

const PATIENCE: Duration = Duration::from_secs(4);
const LARGEST: u64 = 256 * 1024;
const NAME_MAX: usize = 120;

/// Somebody, as a provider knows them. (issuer, subject) is who they are; the rest may change.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// The address, when it is one and the provider says that it is theirs.
    pub(crate) email: Option<Email>,
    pub(crate) name: Option<String>,
}

/// What a sign-in was begun with, as far as the provider is told of it.
#[derive(Clone, Copy)]
pub(crate) struct Begun<'a> {
    pub(crate) callback_url: &'a str,
    pub(crate) verifier: &'a str,
    pub(crate) nonce: &'a str,
}

/// What the token endpoint answers.
#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    token_type: String,
    id_token: String,
}

/// Exchanges the code, and reads who came.
pub(crate) async fn exchange(
    app: &App,
    directory: &Directory,
    provider: &Provider,
    begun: Begun<'_>,
    code: &str,
) -> Result<Profile> {
    let document = directory.known(app, &provider.issuer).await?.document;
    let tokens = tokens(app, provider, &document, begun, code).await?;
    let expected = Expected {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        audience: provider.audience.as_deref(),
        nonce: begun.nonce,
        access_token: &tokens.access_token,
        now: app.clock().now(),
    };
    let read = |keys: &_| {
        let about = token::read(keys, &tokens.id_token, &expected)?;
        if let Some(audience) = &provider.audience {
            token::check_access_token(keys, &expected, audience, &about.sub)?;
        }
        Ok(about)
    };
    let mut about = directory.read(app, &provider.issuer, read).await?;
    // Providers may tell the address there only.
    if about.email.is_none()
        && let Some(url) = &document.userinfo_endpoint
    {
        let more = userinfo(app, url, &tokens.access_token).await?;
        if more.sub != about.sub {
            let message = "The provider's answer does not prove who signed in there.";
            return Err(Error::malformed("id_token_invalid", message).because("userinfo is about another"));
        }
        about = more;
    }
    Ok(profile(provider, about))
}

async fn tokens(
    app: &App,
    provider: &Provider,
    document: &Document,
    begun: Begun<'_>,
    code: &str,
) -> Result<Tokens> {
    let secret = provider.client_secret.expose();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", begun.callback_url),
        ("code_verifier", begun.verifier),
    ];
    let basic = !secret.is_empty() && document.method() == Method::Basic;
    if !basic {
        form.push(("client_id", &provider.client_id));
    }
    if !basic && !secret.is_empty() {
        form.push(("client_secret", secret));
    }
    let mut request = Request::post(&document.token_endpoint, "sso", encoded(&form))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json");
    if basic {
        let pair = format!("{}:{}", one(&provider.client_id), one(secret));
        request = request.header("authorization", &format!("Basic {}", STANDARD.encode(pair)));
    }
    let answer = app.outbound().send(request.deadline(PATIENCE).limit(LARGEST)).await.map_err(unreachable)?;
    match answer.status {
        StatusCode::OK => {}
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
            return Err(refused(&answer.body));
        }
        status => return Err(unreachable(format!("the token endpoint answered {status}"))),
    }
    // The words of a parser would repeat what it read.
    let tokens: Tokens = serde_json::from_slice(&answer.body)
        .map_err(|_| failed("the token endpoint gave no access token with an ID token"))?;
    if tokens.token_type.eq_ignore_ascii_case("bearer") {
        return Ok(tokens);
    }
    Err(failed("the token endpoint gave another kind of token"))
}

/// RFC 6749 wants id and secret encoded like a form before they stand in `Basic`.
fn one(text: &str) -> String {
    encoded(&[("", text)])[1..].to_owned()
}

fn failed(why: &'static str) -> Error {
    let message = "The provider did not accept the answer that you brought from it. Begin again.";
    Error::malformed("token_exchange_failed", message).because(why)
}

/// Whose fault it is that the provider took the code for no good: ours, or whoever brought it.
fn refused(body: &[u8]) -> Error {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    match serde_json::from_slice::<Refusal>(body).ok().as_ref().map(|refusal| refusal.error.as_str()) {
        Some("invalid_client" | "unauthorized_client" | "unsupported_grant_type" | "invalid_scope") => {
            misconfigured("the provider does not know this client, or not with this secret")
        }
        _ => failed("the token endpoint refused the code"),
    }
}

async fn userinfo(app: &App, url: &str, access_token: &str) -> Result<About> {
    let request = Request::get(url, "sso")
        .header("accept", "application/json")
        .header("authorization", &format!("Bearer {access_token}"));
    let request = request.deadline(PATIENCE).limit(LARGEST).retries(1);
    let answer = app.outbound().send(request).await.map_err(unreachable)?;
    if answer.status != StatusCode::OK {
        return Err(unreachable(format!("the userinfo endpoint answered {}", answer.status)));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| unreachable("the userinfo endpoint gave no JSON about a person"))
}

fn profile(provider: &Provider, about: About) -> Profile {
    let email = about.email.filter(|_| about.email_verified).and_then(|text| {
        let mut problems = Problems::new();
        let email = Email::check("/email", &text, &mut problems);
        (problems.is_empty() && !email.is_disguised()).then_some(email)
    });
    let name = about.name.map(|name| one_line(&name)).filter(|name| !name.is_empty());
    Profile { issuer: provider.issuer.clone(), subject: about.sub, email, name }
}

/// A name from elsewhere as it may stand in a line of ours.
fn one_line(name: &str) -> String {
    let plain = name.chars().map(|c| if c.is_control() || "\u{2028}\u{2029}".contains(c) { ' ' } else { c });
    plain.take(NAME_MAX).collect::<String>().trim().to_owned()
}
