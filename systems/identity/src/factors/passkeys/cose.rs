//! Public keys as authenticators write them (RFC 9053), and signatures made with them.
//!
//! ES256, EdDSA with Ed25519 and RS256: what WebAuthn asks every relying party to take, and all that ours offers.

use ciborium::Value;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

/// The algorithms that are offered, as COSE numbers them, the preferred first.
pub(super) const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// A public key that signatures can be held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// The point, uncompressed.
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
    Rs256 {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl PublicKey {
    /// `None` for a key of another kind, or one that contradicts itself.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let key = cbor(&mut rest)?;
        (rest.is_empty()).then(|| Self::of(&key)).flatten()
    }

    fn of(key: &Value) -> Option<Self> {
        let (kind, algorithm) = (number(key, 1)?, number(key, 3)?);
        match (kind, algorithm) {
            (2, ES256) if number(key, -1) == Some(1) => {
                let (x, y) = (bytes(key, -2)?, bytes(key, -3)?);
                (x.len() == 32 && y.len() == 32).then(|| Self::Es256([&[4], x, y].concat()))
            }
            (1, EDDSA) if number(key, -1) == Some(6) => {
                let x = bytes(key, -2)?;
                (x.len() == 32).then(|| Self::EdDsa(x.to_vec()))
            }
            (3, RS256) => Some(Self::Rs256 { n: unpadded(bytes(key, -1)?), e: unpadded(bytes(key, -2)?) }),
            _ => None,
        }
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verdict = match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::EdDsa(x) => UnparsedPublicKey::new(&ED25519, x).verify(message, signature),
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verdict.is_ok()
    }
}

/// One CBOR item, and what follows it is left. Nested at most as deep as authenticators do.
pub(super) fn cbor(rest: &mut &[u8]) -> Option<Value> {
    ciborium::de::from_reader_with_recursion_limit(rest, 8).ok()
}

/// The member under a number. One that is there twice is none: which of them counted would be anybody's guess.
fn member(map: &Value, label: i64) -> Option<&Value> {
    let mut found = map.as_map()?.iter().filter(|(key, _)| key.as_integer() == Some(label.into()));
    found.next().filter(|_| found.next().is_none()).map(|(_, value)| value)
}

fn number(map: &Value, label: i64) -> Option<i64> {
    member(map, label)?.as_integer()?.try_into().ok()
}

fn bytes(map: &Value, label: i64) -> Option<&[u8]> {
    member(map, label)?.as_bytes().map(Vec::as_slice)
}

/// A number without zeros before it, as ring wants it.
fn unpadded(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}
