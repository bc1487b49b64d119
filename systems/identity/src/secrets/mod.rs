//! Keys derived from the installation secret, one for each purpose so that none can stand in for another,
//! and the three small things made with them: proofs, sealed boxes and random text.
//!
//! Refuses to know what the proofs and boxes are about, and where the installation secret is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac};

/// What identity derives from the installation secret.
pub(crate) struct Secrets {
    refresh: hmac::Key,
    challenges: hmac::Key,
    signing: Seal,
    /// Seals what makes codes of second factors: a box of one kind does not open as the other.
    pub(crate) factors: Seal,
}

/// A key that seals and opens.
pub(crate) struct Seal(LessSafeKey);

impl Secrets {
    /// Another installation secret means: old signing keys can not be opened (new ones are made), and of each session
    /// only the two youngest refresh tokens are still known.
    pub(crate) fn derive(keys: &web::Keys) -> Self {
        Self {
            refresh: hmac::Key::new(hmac::HMAC_SHA256, &keys.derive("identity: refresh tokens")),
            challenges: hmac::Key::new(hmac::HMAC_SHA256, &keys.derive("identity: challenges")),
            signing: Seal::derive(keys, "identity: private signing keys"),
            factors: Seal::derive(keys, "identity: second factors"),
        }
    }

    /// The secret part of a refresh token: the same for the same parts, and made by nobody else.
    pub(crate) fn refresh_proof(&self, parts: &[&[u8]]) -> [u8; 32] {
        proof(&self.refresh, parts)
    }

    /// What makes a challenge ours.
    pub(crate) fn challenge_proof(&self, parts: &[&[u8]]) -> [u8; 32] {
        proof(&self.challenges, parts)
    }

    /// Encrypts `plain`; it opens only together with the same `about`.
    pub(crate) fn seal(&self, about: &[u8], plain: &[u8]) -> Vec<u8> {
        self.signing.seal(about, plain)
    }

    /// `None` when it was sealed under another secret, about something else, or was changed.
    pub(crate) fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.signing.open(about, sealed)
    }
}

/// The length of each part goes along, so that parts can not flow into each other.
fn proof(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.sign().as_ref().try_into().expect("HMAC-SHA256 is 32 bytes")
}

impl Seal {
    fn derive(keys: &web::Keys, purpose: &str) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &keys.derive(purpose));
        Self(LessSafeKey::new(key.expect("AES-256 takes keys of 32 bytes")))
    }

    /// Encrypts `plain`; it opens only together with the same `about`.
    pub(crate) fn seal(&self, about: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut sealed)
            .expect("a key of 32 bytes is far below the limit of AES-GCM");
        [nonce.as_slice(), &sealed].concat()
    }

    /// `None` when it was sealed under another key, about something else, or was changed.
    pub(crate) fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        self.0.open_in_place(nonce, Aad::from(about), &mut rest).ok().map(|plain| plain.to_vec())
    }
}

/// Bytes nobody can guess.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the kernel gives random bytes; without them nothing here may run");
    bytes
}

/// `N` random bytes as base64url text.
pub(crate) fn random_text<const N: usize>() -> String {
    URL_SAFE_NO_PAD.encode(random::<N>())
}

/// What the database keeps instead of a secret of full entropy.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().try_into().expect("SHA-256 is 32 bytes")
}

/// Compares without telling by time where the two differ.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets_of(installation: &[u8]) -> Secrets {
        Secrets::derive(&web::Keys::new(installation))
    }

    #[test]
    fn a_box_opens_only_with_its_own_secret_and_subject() {
        let secrets = secrets_of(b"one secret");
        let sealed = secrets.seal(b"about", b"plain");
        assert_eq!(secrets.open(b"about", &sealed).as_deref(), Some(b"plain".as_slice()));
        assert_eq!(secrets.open(b"other", &sealed), None);
        assert_eq!(secrets_of(b"another").open(b"about", &sealed), None);
        assert_eq!(secrets.open(b"about", &sealed[..10]), None);
        let mut changed = sealed;
        *changed.last_mut().expect("not empty") ^= 1;
        assert_eq!(secrets.open(b"about", &changed), None);
    }

    #[test]
    fn parts_of_a_proof_can_not_flow_into_each_other() {
        let secrets = secrets_of(b"one secret");
        assert_ne!(secrets.refresh_proof(&[b"ab", b"c"]), secrets.refresh_proof(&[b"a", b"bc"]));
        assert_eq!(secrets.refresh_proof(&[b"a"]), secrets_of(b"one secret").refresh_proof(&[b"a"]));
        assert_ne!(secrets.refresh_proof(&[b"a"]), secrets_of(b"another").refresh_proof(&[b"a"]));
    }
}
