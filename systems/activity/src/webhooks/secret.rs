//! The secret that is shared with whoever receives, and the signature made with it, as Standard Webhooks has them.
//!
//! Refuses to know where a secret is kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use types::{Error, Result};
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
const BYTES: usize = 32;

/// 32 bytes that nobody can guess.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(crate) fn new() -> Result<Self> {
        let mut bytes = Zeroizing::new(vec![0; BYTES]);
        SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("no random bytes"))?;
        Ok(Self(bytes))
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is shown, once.
    pub(crate) fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&*self.0))
    }

    /// One signature: over the id, the second it is sent in, and the body.
    pub(crate) fn sign(&self, id: &str, timestamp: &str, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the libraries of Standard Webhooks are published with.
    #[test]
    fn a33_the_published_vector_is_signed_alike() {
        let text = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secret = Secret::from_bytes(STANDARD.decode(text).unwrap());
        assert_eq!(secret.text(), format!("whsec_{text}"));
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a33_everything_that_is_signed_counts() {
        let secret = Secret::new().unwrap();
        let first = secret.sign("a", "1", "b");
        for other in [secret.sign("x", "1", "b"), secret.sign("a", "2", "b"), secret.sign("a", "1", "c")] {
            assert_ne!(first, other);
        }
        assert_ne!(first, Secret::new().unwrap().sign("a", "1", "b"));
        assert_eq!(secret.text().len(), PREFIX.len() + 44);
    }
}
