//! The two ceremonies of WebAuthn Level 3, sections 7.1 and 7.2, as far as they are about bytes.
//!
//! What needs the database stands in `ops`: whether the challenge is ours and unspent, whose the credential is, and whether
//! its counter went on.

use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::authenticator::{self, Credential, Said};
use super::cose::PublicKey;
use super::site::Site;
use crate::secrets;

/// Why a ceremony failed. The caller is told no more than that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("it is not what a browser sends")]
    Malformed,
    #[error("it is of the other ceremony")]
    Type,
    #[error("it answers another challenge")]
    Challenge,
    #[error("it was made at another origin")]
    Origin,
    #[error("it was made in a frame of another site")]
    Framed,
    #[error("it is bound to another site")]
    Site,
    #[error("nobody touched the authenticator")]
    Absent,
    #[error("the authenticator did not make sure whose hand it was")]
    Unverified,
    #[error("it is backed up and must not be")]
    Backup,
    #[error("the signature does not fit")]
    Signature,
}

/// What the browser signed along, as far as it matters. Members that are not known are to be ignored.
#[derive(Deserialize)]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin")]
    cross_origin: Option<bool>,
    #[serde(rename = "topOrigin")]
    top_origin: Option<String>,
}

/// The challenge that it claims to answer.
pub(super) fn claimed_challenge(client_data: &[u8]) -> Option<String> {
    serde_json::from_slice::<ClientData>(client_data).ok().map(|data| data.challenge)
}

/// A new credential, and what was said of it.
pub(super) fn register(
    site: &Site,
    challenge: &str,
    client_data: &[u8],
    attestation: &[u8],
) -> Result<(Credential, Said), Flaw> {
    let (credential, said) = registered(site, challenge, client_data, attestation)?;
    if said.verified() { Ok((credential, said)) } else { Err(Flaw::Unverified) }
}

/// What a credential says about a challenge.
pub(super) fn assert(
    site: &Site,
    challenge: &str,
    key: &[u8],
    assertion: &Assertion<'_>,
) -> Result<Said, Flaw> {
    let said = asserted(site, challenge, key, assertion)?;
    if said.verified() { Ok(said) } else { Err(Flaw::Unverified) }
}

/// The three byte strings of a sign-in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assertion<'a> {
    pub(super) client_data: &'a [u8],
    pub(super) authenticator_data: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// As [`register`], for authenticators that did not look whose hand it was; the vectors of the specification have some.
pub(super) fn registered(
    site: &Site,
    challenge: &str,
    client_data: &[u8],
    attestation: &[u8],
) -> Result<(Credential, Said), Flaw> {
    client(site, "webauthn.create", challenge, client_data)?;
    let mut said = authenticator::attested(attestation).ok_or(Flaw::Malformed)?;
    held_against(site, &said)?;
    let credential = said.credential.take().ok_or(Flaw::Malformed)?;
    Ok((credential, said))
}

/// As [`assert`], for the same.
pub(super) fn asserted(
    site: &Site,
    challenge: &str,
    key: &[u8],
    assertion: &Assertion<'_>,
) -> Result<Said, Flaw> {
    let Assertion { client_data, authenticator_data, signature } = *assertion;
    client(site, "webauthn.get", challenge, client_data)?;
    let said = authenticator::read(authenticator_data).ok_or(Flaw::Malformed)?;
    held_against(site, &said)?;
    let key = PublicKey::read(key).ok_or(Flaw::Malformed)?;
    let message = [authenticator_data, digest(&SHA256, client_data).as_ref()].concat();
    if key.verifies(&message, signature) { Ok(said) } else { Err(Flaw::Signature) }
}

fn client(site: &Site, ceremony: &str, challenge: &str, json: &[u8]) -> Result<(), Flaw> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| Flaw::Malformed)?;
    if data.r#type != ceremony {
        return Err(Flaw::Type);
    }
    if !secrets::same(data.challenge.as_bytes(), challenge.as_bytes()) {
        return Err(Flaw::Challenge);
    }
    if data.origin != site.origin {
        return Err(Flaw::Origin);
    }
    if data.cross_origin == Some(true) || data.top_origin.is_some() {
        return Err(Flaw::Framed);
    }
    Ok(())
}

fn held_against(site: &Site, said: &Said) -> Result<(), Flaw> {
    if said.rp_id_hash != digest(&SHA256, site.rp_id.as_bytes()).as_ref() {
        return Err(Flaw::Site);
    }
    if !said.present() {
        return Err(Flaw::Absent);
    }
    if said.is_synced() && !said.may_be_synced() {
        return Err(Flaw::Backup);
    }
    Ok(())
}
