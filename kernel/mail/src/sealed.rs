//! A mail as it waits in its job: sealed, because a link in it may open a door to whoever reads the table or a backup.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use types::{Error, Result, Time};

use crate::message::Message;

/// The payload of the job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sealed {
    sealed: String,
}

/// What is in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub message: Message,
    /// When it was asked for: `Date`, in every attempt.
    pub date: Time,
}

/// Seals and opens. The key belongs to the installation.
pub(crate) struct Seal(LessSafeKey);

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 has keys of 32 bytes")))
    }

    pub(crate) fn seal(&self, letter: &Letter) -> Result<Sealed> {
        let mut bytes = serde_json::to_vec(letter).map_err(Error::internal)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::internal("no random bytes"))?;
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes)
            .map_err(|_| Error::internal("a mail could not be sealed"))?;
        Ok(Sealed { sealed: STANDARD_NO_PAD.encode([&nonce[..], &bytes].concat()) })
    }

    /// Fails with `mail_sealed` when the secret of the installation is another one by now.
    pub(crate) fn open(&self, sealed: &Sealed) -> Result<Letter> {
        let broken = || {
            let message =
                "The mail was sealed with another secret of the installation and cannot be read any more.";
            Error::invalid("mail_sealed", message)
        };
        let bytes = STANDARD_NO_PAD.decode(&sealed.sealed).map_err(|_| broken())?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
        let mut rest = rest.to_vec();
        let plain = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut rest)
            .map_err(|_| broken())?;
        serde_json::from_slice(plain).map_err(|error| {
            let message = "What the job was told to do cannot be read by this version.";
            Error::invalid("job_payload", message).because(error.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, TEST};

    #[test]
    fn a_mail_is_read_only_with_the_key_it_was_sealed_with() {
        #[derive(Serialize)]
        struct Context {
            address: &'static str,
        }
        let to = Address::parse("a@b.test").unwrap();
        let message = Message::new(to, &TEST, &Context { address: "https://x.test/secret" }).unwrap();
        let letter = Letter { message, date: Time::from_millis(7) };
        let sealed = Seal::new(&[1; 32]).seal(&letter).unwrap();
        let kept = serde_json::to_string(&sealed).unwrap();
        assert!(!kept.contains("secret") && !kept.contains("b.test"), "{kept}");
        let back = Seal::new(&[1; 32]).open(&sealed).unwrap();
        assert_eq!((back.message.text, back.date), (letter.message.text, letter.date));
        assert_eq!(Seal::new(&[2; 32]).open(&sealed).unwrap_err().code(), "mail_sealed");
        for wrong in ["", "!", "AAAA"] {
            let wrong = Sealed { sealed: wrong.to_owned() };
            assert_eq!(Seal::new(&[1; 32]).open(&wrong).unwrap_err().code(), "mail_sealed");
        }
    }
}
