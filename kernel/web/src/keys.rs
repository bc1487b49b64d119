//! Keys for every purpose out of the one secret of the installation.

use ring::hkdf;

/// The installation's secret. Only ever used to derive from.
#[derive(Clone)]
pub struct Keys(hkdf::Prk);

impl Keys {
    pub fn new(secret: &[u8]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, b"mainstay installation").extract(secret))
    }

    /// A box that opens with the key for one purpose.
    pub fn seal(&self, purpose: &str) -> crate::Seal {
        crate::Seal::new(&self.derive(purpose))
    }

    /// The key for one purpose: the same for all nodes, useless for any other purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        self.0
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .expect("32 bytes are one block of HKDF-SHA256");
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_installations_do_not_share_keys() {
        let keys = Keys::new(b"one");
        assert_eq!(keys.derive("a"), Keys::new(b"one").derive("a"));
        assert_ne!(keys.derive("a"), keys.derive("b"));
        assert_ne!(keys.derive("a"), Keys::new(b"two").derive("a"));
    }
}
