//! A box for secrets that have to be read again: AES-256-GCM under a key of one purpose.
//!
//! Refuses to know what is in it. What is sealed about one thing does not open as if it were about another.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use types::{Error, Result};

/// Made by [`crate::Keys::seal`].
pub struct Seal(LessSafeKey);

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 has keys of 32 bytes")))
    }

    /// Encrypts; it opens only together with the same `about`.
    pub fn seal(&self, about: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::internal("no random bytes"))?;
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut sealed)
            .map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// `None` when it was sealed under another secret of the installation, about something else, or was changed.
    pub fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut rest = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0.open_in_place(nonce, Aad::from(about), &mut rest).ok().map(|plain| plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use crate::Keys;

    #[test]
    fn a_box_opens_only_with_its_own_key_and_subject() {
        let seal = Keys::new(b"one").seal("a purpose");
        let sealed = seal.seal(b"about", b"plain").unwrap();
        assert_eq!(seal.open(b"about", &sealed).as_deref(), Some(b"plain".as_slice()));
        assert_eq!(seal.open(b"other", &sealed), None);
        assert_eq!(Keys::new(b"one").seal("another").open(b"about", &sealed), None);
        assert_eq!(Keys::new(b"two").seal("a purpose").open(b"about", &sealed), None);
        for cut in [0, 5, sealed.len() - 1] {
            assert_eq!(seal.open(b"about", &sealed[..cut]), None);
        }
    }
}
