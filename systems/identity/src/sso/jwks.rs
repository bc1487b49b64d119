//! The public keys of a provider, and the signatures that they verify.
//!
//! Owns which algorithms there are: all of them asymmetric, each with its own kind of key, so that no token can turn a public
//! key into a shared secret (A12). Refuses to know tokens and where the keys came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// More keys than any provider rotates through.
const MOST_KEYS: usize = 64;

/// How a token may be signed. HMAC and `none` are not among them, so nothing can ask for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    EdDsa,
}

impl Algorithm {
    pub(crate) fn read(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            // RFC 9864 gave the second name to the only curve that the first one is used with.
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    /// The hash that `at_hash` is made with.
    pub(crate) fn hash(self) -> &'static ring::digest::Algorithm {
        match self {
            Self::Rs256 | Self::Es256 => &ring::digest::SHA256,
            Self::Rs384 | Self::Es384 => &ring::digest::SHA384,
            Self::Rs512 | Self::EdDsa => &ring::digest::SHA512,
        }
    }
}

enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

struct Key {
    kid: Option<String>,
    /// Where the provider binds the key to one algorithm, it verifies no other.
    only: Option<Algorithm>,
    material: Material,
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{EdDsa, Es256, Es384, Rs256, Rs384, Rs512};
        self.only.is_none_or(|only| only == algorithm)
            && matches!(
                (&self.material, algorithm),
                (Material::Rsa { .. }, Rs256 | Rs384 | Rs512)
                    | (Material::P256(_), Es256)
                    | (Material::P384(_), Es384)
                    | (Material::Ed25519(_), EdDsa)
            )
    }

    fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        let plain = |how, key: &[u8]| UnparsedPublicKey::new(how, key).verify(signed, signature).is_ok();
        match &self.material {
            Material::Rsa { n, e } => {
                let how = match algorithm {
                    Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(how, signed, signature).is_ok()
            }
            Material::P256(key) => plain(&ECDSA_P256_SHA256_FIXED, key),
            Material::P384(key) => plain(&ECDSA_P384_SHA384_FIXED, key),
            Material::Ed25519(key) => plain(&ED25519, key),
        }
    }
}

/// Every key of one provider that could verify something here.
pub(crate) struct Keys(Vec<Key>);

/// What became of the search for a token's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Bad,
    /// No key has this name and kind: the provider may have rotated.
    Unknown,
}

impl Keys {
    /// `None` when it is no key set. A key of a kind that is not known here is passed over, as RFC 7517 wants it.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let set: Set = serde_json::from_slice(text).ok()?;
        let keys = set.keys.into_iter().take(MOST_KEYS);
        Some(Self(keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok()?.key()).collect()))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A token that names its key is held against that one. One that names none is only read when there is no choice.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Verdict {
        let fitting = self.0.iter().filter(|key| key.fits(algorithm));
        let found: Vec<_> = match kid {
            Some(kid) => fitting.filter(|key| key.kid.as_deref() == Some(kid)).collect(),
            None => fitting.collect(),
        };
        match found[..] {
            [] => Verdict::Unknown,
            [key] if key.verifies(algorithm, signed, signature) => Verdict::Good,
            _ => Verdict::Bad,
        }
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// A key as RFC 7517 and 7518 write it. What is private in it by somebody's mistake is not read.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwk {
    fn key(self) -> Option<Key> {
        if self.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let only = match &self.alg {
            // A key for an algorithm that is not spoken here verifies nothing here.
            Some(name) => Some(Algorithm::read(name)?),
            None => None,
        };
        let material = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { n: number(self.n?)?, e: number(self.e?)? },
            ("EC", Some("P-256")) => Material::P256(point(self.x?, self.y?, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(self.x?, self.y?, 48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(sized(self.x?, 32)?),
            _ => return None,
        };
        Some(Key { kid: self.kid, only, material })
    }
}

/// A number without the zeros in front that some write: ring takes none.
fn number(text: String) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[first..].to_vec())
}

fn sized(text: String, length: usize) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == length)
}

/// An uncompressed point of a curve.
fn point(x: String, y: String, length: usize) -> Option<Vec<u8>> {
    Some([&[4][..], &sized(x, length)?, &sized(y, length)?].concat())
}
