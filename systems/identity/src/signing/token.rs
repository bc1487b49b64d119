//! Access tokens: how one is written, and the only way one is read.
//!
//! Owns the text format: a JWT signed with Ed25519, whose header is one fixed text for each key. Refuses to know
//! where keys are kept and whether the session behind a token still lives.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use types::{PersonId, Time, typed_id};

use crate::sessions::SessionId;

typed_id!(
    /// A key that signs access tokens.
    SigningKeyId,
    "sgk"
);

/// Ours are near 450 bytes; whatever is longer is not ours and is not worth decoding.
pub(crate) const MAX_LENGTH: usize = 1024;

/// How far ahead another node's clock may be.
const SKEW_SECONDS: i64 = 5;

/// Who made a token and for whom. Both are compared exactly.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) issuer: String,
    pub(crate) audience: &'static str,
}

/// What a token says. Unknown and repeated members are refused by the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: PersonId,
    pub(crate) sid: SessionId,
    pub(crate) jti: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
}

/// Why a token is refused. Callers learn only whether it has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadToken {
    #[error("not in the form of an access token")]
    Malformed,
    #[error("signed by a key that is not known here")]
    UnknownKey,
    #[error("the signature does not fit")]
    Signature,
    #[error("made by another, or for another")]
    Claims,
    #[error("not valid yet")]
    NotYet,
    #[error("expired")]
    Expired,
}

/// The public half: enough to read tokens.
#[derive(Clone)]
pub(crate) struct ReadingKey {
    id: SigningKeyId,
    header: String,
    public: [u8; 32],
}

/// Both halves: enough to make tokens.
pub(crate) struct SigningKey {
    header: String,
    pair: Ed25519KeyPair,
}

/// The one header text that a key writes and accepts, as it stands in the token.
fn header(id: SigningKeyId) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"EdDSA","kid":"{id}","typ":"at+jwt"}}"#))
}

impl ReadingKey {
    pub(crate) fn new(id: SigningKeyId, public: [u8; 32]) -> Self {
        Self { id, header: header(id), public }
    }

    /// Whether a token says that it was signed by this key.
    pub(crate) fn made(&self, token: &str) -> bool {
        token.strip_prefix(self.header.as_str()).is_some_and(|rest| rest.starts_with('.'))
    }

    /// Its id and its public half as a JWK writes them.
    pub(crate) fn published(&self) -> (String, String) {
        (self.id.to_string(), URL_SAFE_NO_PAD.encode(self.public))
    }
}

impl SigningKey {
    /// `None` when the seed does not belong to the public key that was kept beside it.
    pub(crate) fn new(id: SigningKeyId, seed: &[u8], public: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()?;
        Some(Self { header: header(id), pair })
    }

    /// The public key of a seed.
    pub(crate) fn public_of(seed: &[u8; 32]) -> [u8; 32] {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are a seed");
        pair.public_key().as_ref().try_into().expect("an Ed25519 key is 32 bytes")
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let payload = serde_json::to_vec(claims).expect("claims are plain text and numbers");
        let mut token = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(payload));
        let signature = self.pair.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
        token
    }
}

/// Reads a token: form, key, signature, maker, reader, then time. The header is never parsed, only compared, so no
/// member of it can choose an algorithm or bring a key along.
pub(crate) fn read(keys: &[ReadingKey], from: &Issuer, token: &str, now: Time) -> Result<Claims, BadToken> {
    if token.len() > MAX_LENGTH {
        return Err(BadToken::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(BadToken::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(BadToken::Malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| BadToken::Malformed)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| BadToken::Malformed)?;
    let key = keys.iter().find(|key| key.header == header).ok_or(BadToken::UnknownKey)?;
    UnparsedPublicKey::new(&ED25519, key.public)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| BadToken::Signature)?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| BadToken::Malformed)?;
    if claims.iss != from.issuer || claims.aud != from.audience {
        return Err(BadToken::Claims);
    }
    in_time(&claims, now)?;
    Ok(claims)
}

/// Whether a token that was read before may still be used.
pub(crate) fn in_time(claims: &Claims, now: Time) -> Result<(), BadToken> {
    let now = now.as_seconds();
    if claims.exp <= now {
        Err(BadToken::Expired)
    } else if claims.nbf > now + SKEW_SECONDS || claims.iat > now + SKEW_SECONDS {
        Err(BadToken::NotYet)
    } else {
        Ok(())
    }
}

#[cfg(test)]
#[path = "token_attacks.rs"]
mod attacks;
