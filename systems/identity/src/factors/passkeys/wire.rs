//! What goes to browsers and what comes back: the JSON of WebAuthn Level 3, as `parseCreationOptionsFromJSON`,
//! `parseRequestOptionsFromJSON` and `toJSON` of a credential read and write it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cose::ALGORITHMS;
use super::site::Site;

/// How long a browser waits for its user, in milliseconds: as long as a challenge is good.
const PATIENCE: u64 = 300_000;

/// For `navigator.credentials.create({publicKey})`, through `PublicKeyCredential.parseCreationOptionsFromJSON`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreationOptions {
    pub(crate) rp: RelyingParty,
    pub(crate) user: UserEntity,
    /// Good for five minutes, once.
    pub(crate) challenge: String,
    pub(crate) pub_key_cred_params: Vec<Algorithm>,
    /// Milliseconds.
    pub(crate) timeout: u64,
    /// What the person has already, so that no authenticator holds two.
    pub(crate) exclude_credentials: Vec<Descriptor>,
    pub(crate) authenticator_selection: Selection,
    /// Always `none`.
    pub(crate) attestation: &'static str,
}

/// The site that the passkey is for.
#[derive(Serialize, ToSchema)]
pub(crate) struct RelyingParty {
    /// The host of the public address.
    pub(crate) id: String,
    pub(crate) name: String,
}

/// The person as authenticators show them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserEntity {
    /// 16 bytes as base64url; comes back as `userHandle`.
    pub(crate) id: String,
    /// The e-mail address.
    pub(crate) name: String,
    pub(crate) display_name: String,
}

/// A kind of key that is taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct Algorithm {
    /// Always `public-key`.
    r#type: &'static str,
    /// As COSE numbers it.
    alg: i64,
}

/// One of the person's passkeys.
#[derive(Serialize, ToSchema)]
pub(crate) struct Descriptor {
    /// Always `public-key`.
    pub(crate) r#type: &'static str,
    /// The id of the credential, as base64url.
    pub(crate) id: String,
    /// How the browser may reach it.
    pub(crate) transports: Vec<String>,
}

/// Which authenticators will do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Selection {
    /// Always `required`: the passkey can be found without a name.
    resident_key: &'static str,
    /// The same, for old browsers.
    require_resident_key: bool,
    /// Always `required`.
    user_verification: &'static str,
}

/// For `navigator.credentials.get({publicKey})`, through `PublicKeyCredential.parseRequestOptionsFromJSON`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestOptions {
    /// Good for five minutes, once.
    pub(crate) challenge: String,
    /// The host of the public address.
    pub(crate) rp_id: String,
    /// The passkeys that will do; empty when any of this site does.
    pub(crate) allow_credentials: Vec<Descriptor>,
    /// Always `required`.
    pub(crate) user_verification: &'static str,
    /// Milliseconds.
    pub(crate) timeout: u64,
}

impl CreationOptions {
    pub(crate) fn new(
        site: &Site,
        name: String,
        user: UserEntity,
        challenge: String,
        has: Vec<Descriptor>,
    ) -> Self {
        Self {
            rp: RelyingParty { id: site.rp_id.clone(), name },
            user,
            challenge,
            pub_key_cred_params: ALGORITHMS.map(|alg| Algorithm { r#type: "public-key", alg }).into(),
            timeout: PATIENCE,
            exclude_credentials: has,
            authenticator_selection: Selection {
                resident_key: "required",
                require_resident_key: true,
                user_verification: "required",
            },
            attestation: "none",
        }
    }
}

impl RequestOptions {
    pub(crate) fn new(site: &Site, challenge: String, allowed: Vec<Descriptor>) -> Self {
        Self {
            challenge,
            rp_id: site.rp_id.clone(),
            allow_credentials: allowed,
            user_verification: "required",
            timeout: PATIENCE,
        }
    }
}

/// `toJSON()` of a new credential. Members that are not named here are ignored, as the specification asks.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegistrationIn {
    pub(crate) response: RegistrationResponse,
}

/// What the authenticator made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationResponse {
    /// base64url.
    #[serde(rename = "clientDataJSON")]
    #[schema(max_length = 8192)]
    pub(crate) client_data_json: Bytes,
    /// base64url.
    #[schema(max_length = 65536)]
    pub(crate) attestation_object: Bytes,
    /// How browsers may reach the authenticator.
    #[serde(default)]
    pub(crate) transports: Vec<String>,
}

/// `toJSON()` of a credential that signed. Members that are not named here are ignored, as the specification asks.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssertionIn {
    /// The id of the credential, as base64url.
    #[schema(max_length = 1366)]
    pub(crate) raw_id: Bytes,
    pub(crate) response: AssertionResponse,
}

/// What the authenticator signed.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssertionResponse {
    /// base64url.
    #[serde(rename = "clientDataJSON")]
    #[schema(max_length = 8192)]
    pub(crate) client_data_json: Bytes,
    /// base64url.
    #[schema(max_length = 8192)]
    pub(crate) authenticator_data: Bytes,
    /// base64url.
    #[schema(max_length = 8192)]
    pub(crate) signature: Bytes,
    /// base64url; whose passkey it is, for one that was found without a name.
    #[serde(default)]
    pub(crate) user_handle: Option<Bytes>,
}

/// Bytes as base64url without padding.
#[derive(Clone, Debug, ToSchema)]
#[schema(value_type = String)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        URL_SAFE_NO_PAD
            .decode(text)
            .map(Self)
            .map_err(|_| serde::de::Error::custom("is not base64url without padding"))
    }
}

pub(crate) fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
