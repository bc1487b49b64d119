//! ID tokens: the only way one is read.
//!
//! Owns the order of the checks: form, algorithm, key, signature, maker, reader, time, nonce. Refuses to fetch anything: what
//! a header says of keys elsewhere (`jku`, `x5u`, `jwk`) is not even read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use types::Time;

use super::jwks::{Algorithm, Keys, Verdict};

/// Providers put groups and roles into their tokens; what is longer than this is an attempt at something.
const MAX_LENGTH: usize = 32 * 1024;

/// How far the provider's clock may be from ours.
const SKEW_SECONDS: i64 = 60;

/// The longest subject that OpenID Connect allows.
const MAX_SUBJECT: usize = 255;

/// Why a token is refused. The log learns it; the caller learns `id_token_invalid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadToken {
    #[error("not in the form of a signed token")]
    Malformed,
    #[error("signed in a way that is not taken")]
    Algorithm,
    #[error("signed by a key that the provider does not publish")]
    UnknownKey,
    #[error("the signature does not fit")]
    Signature,
    #[error("made by another issuer")]
    Issuer,
    #[error("made for another client")]
    Audience,
    #[error("expired, or from the future")]
    Time,
    #[error("the nonce is not the one that was sent")]
    Nonce,
    #[error("it says no subject")]
    Subject,
    #[error("it belongs to another access token")]
    AccessToken,
}

/// What a token is held against.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// A second reader that is trusted beside this client.
    pub(crate) audience: Option<&'a str>,
    pub(crate) nonce: &'a str,
    pub(crate) access_token: &'a str,
    pub(crate) now: Time,
}

/// What a token or the userinfo endpoint says of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct About {
    #[serde(default)]
    pub(crate) sub: String,
    pub(crate) email: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) email_verified: bool,
    pub(crate) name: Option<String>,
}

/// Some providers write the flag as text. Whatever else it is, it is not `true`.
fn flag<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(value == serde_json::Value::Bool(true) || value == "true")
}

/// What every member that counts may be. A member that comes twice is refused by the reader.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    sub: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// Whatever must be understood is not understood here.
    crit: Option<serde_json::Value>,
}

/// A token whose signature fits.
struct Signed {
    algorithm: Algorithm,
    typ: Option<String>,
    payload: Vec<u8>,
}

/// Reads an ID token.
pub(crate) fn read(keys: &Keys, text: &str, expected: &Expected<'_>) -> Result<About, BadToken> {
    let signed = verified(keys, text)?;
    // An access token of the same issuer is signed by the same keys, and says so here (RFC 9068).
    if signed.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt")) {
        return Err(BadToken::Malformed);
    }
    let claims: Claims = parse(&signed.payload)?;
    if claims.iss != expected.issuer {
        return Err(BadToken::Issuer);
    }
    for_us(&claims, expected)?;
    in_time(&claims, expected.now)?;
    // An ID token always says when it was made; an access token need not.
    claims.iat.ok_or(BadToken::Time)?;
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(BadToken::Nonce);
    }
    if claims.at_hash.is_some_and(|hash| hash != half_hash(signed.algorithm, expected.access_token)) {
        return Err(BadToken::AccessToken);
    }
    let about: About = parse(&signed.payload)?;
    let plain = !about.sub.is_empty() && !about.sub.chars().any(char::is_control);
    if plain && about.sub.chars().count() <= MAX_SUBJECT { Ok(about) } else { Err(BadToken::Subject) }
}

/// Whether the access token is one of this issuer for `audience`, where a provider was set up to ask for that.
pub(crate) fn check_access_token(
    keys: &Keys,
    expected: &Expected<'_>,
    audience: &str,
    subject: &str,
) -> Result<(), BadToken> {
    let claims: Claims = parse(&verified(keys, expected.access_token)?.payload)?;
    if claims.iss != expected.issuer {
        return Err(BadToken::Issuer);
    }
    if !claims.aud.names().iter().any(|name| name == audience) {
        return Err(BadToken::Audience);
    }
    if claims.sub.as_deref() != Some(subject) {
        return Err(BadToken::Subject);
    }
    in_time(&claims, expected.now)
}

fn verified(keys: &Keys, text: &str) -> Result<Signed, BadToken> {
    if text.len() > MAX_LENGTH {
        return Err(BadToken::Malformed);
    }
    let (signed, signature) = text.rsplit_once('.').ok_or(BadToken::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(BadToken::Malformed)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| BadToken::Malformed);
    let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
    let header: Header = parse(&header)?;
    if header.crit.is_some() {
        return Err(BadToken::Algorithm);
    }
    let algorithm = Algorithm::read(&header.alg).ok_or(BadToken::Algorithm)?;
    match keys.verify(algorithm, header.kid.as_deref(), signed.as_bytes(), &signature) {
        Verdict::Good => Ok(Signed { algorithm, typ: header.typ, payload }),
        Verdict::Bad => Err(BadToken::Signature),
        Verdict::Unknown => Err(BadToken::UnknownKey),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadToken> {
    serde_json::from_slice(bytes).map_err(|_| BadToken::Malformed)
}

/// For this client, and for nobody beside it who is not trusted here.
fn for_us(claims: &Claims, expected: &Expected<'_>) -> Result<(), BadToken> {
    let names = claims.aud.names();
    let ours = names.iter().any(|name| name == expected.client_id);
    let known =
        names.iter().all(|name| name == expected.client_id || Some(name.as_str()) == expected.audience);
    let party = match &claims.azp {
        Some(party) => party == expected.client_id,
        None => names.len() == 1,
    };
    if ours && known && party { Ok(()) } else { Err(BadToken::Audience) }
}

fn in_time(claims: &Claims, now: Time) -> Result<(), BadToken> {
    let now = now.as_seconds();
    let late = claims.exp.saturating_add(SKEW_SECONDS) <= now;
    let early =
        [claims.iat, claims.nbf].into_iter().flatten().any(|at| at > now.saturating_add(SKEW_SECONDS));
    if late || early { Err(BadToken::Time) } else { Ok(()) }
}

/// What an ID token says of its access token: the left half of the hash.
fn half_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = ring::digest::digest(algorithm.hash(), access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

#[cfg(test)]
#[path = "token_attacks.rs"]
mod attacks;
