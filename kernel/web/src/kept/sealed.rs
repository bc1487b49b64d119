//! A reply as it is kept: sealed under a key that only the holder of the raw idempotency key can derive.

use http::StatusCode;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use types::{Error, Kind, Result};

use crate::reply::{Cache, Reply};

/// A larger reply is not kept; the work is remembered all the same, so it cannot be done twice.
const LARGEST: usize = 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    etag: Option<String>,
    location: Option<String>,
    secret: bool,
    /// `None` when it was too large.
    body: Option<String>,
}

pub(super) fn seal(key: &[u8; 32], reply: &Reply) -> Result<Vec<u8>> {
    let body = (reply.body.len() <= LARGEST).then(|| String::from_utf8_lossy(&reply.body).into_owned());
    let kept = Kept {
        status: reply.status.as_u16(),
        etag: reply.etag.clone(),
        location: reply.location.clone(),
        secret: reply.cache == Cache::NoStore,
        body,
    };
    let mut bytes = serde_json::to_vec(&kept).map_err(Error::internal)?;
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).map_err(|_| Error::internal("no random bytes"))?;
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes)
        .map_err(|_| Error::internal("a reply could not be sealed"))?;
    Ok([&nonce[..], &bytes].concat())
}

pub(super) fn open(key: &[u8; 32], sealed: &[u8]) -> Result<Reply> {
    let broken = || Error::internal("a kept reply could not be opened");
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
    let mut bytes = rest.to_vec();
    let plain = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut bytes)
        .map_err(|_| broken())?;
    let kept: Kept = serde_json::from_slice(plain).map_err(Error::internal)?;
    let Some(body) = kept.body else {
        return Err(Error::new(
            Kind::Conflict,
            "reply_not_kept",
            "This was done before; its reply was too large to be kept. Read the thing instead.",
        ));
    };
    let first = StatusCode::from_u16(kept.status).map_err(|_| broken())?;
    Ok(Reply {
        // Nothing is created by a replay.
        status: if first == StatusCode::CREATED { StatusCode::OK } else { first },
        body: body.into(),
        etag: kept.etag,
        location: kept.location,
        cache: if kept.secret { Cache::NoStore } else { Cache::Private },
        replayed: true,
        cookie: None,
    })
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey> {
    let unbound = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::internal("bad key length"))?;
    Ok(LessSafeKey::new(unbound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_comes_back_as_it_was_and_only_with_its_key() -> Result<()> {
        let reply =
            Reply::json(StatusCode::CREATED, &serde_json::json!({"a": "ü"}))?.at("/x".into()).no_store();
        let sealed = seal(&[1; 32], &reply)?;
        let back = open(&[1; 32], &sealed)?;
        assert_eq!(
            (back.status, &back.body, back.location.as_deref()),
            (StatusCode::OK, &reply.body, Some("/x"))
        );
        assert!(back.replayed && back.cache == Cache::NoStore);
        assert!(open(&[2; 32], &sealed).is_err());
        assert!(!sealed.windows(3).any(|bytes| bytes == "ü\"".as_bytes()), "the body is readable");
        for cut in [0, 5, NONCE_LEN, sealed.len() - 1] {
            assert!(open(&[1; 32], &sealed[..cut]).is_err());
        }
        Ok(())
    }

    #[test]
    fn a_reply_that_is_too_large_is_remembered_without_its_body() -> Result<()> {
        let reply = Reply::ok(&"x".repeat(LARGEST))?;
        let error = open(&[1; 32], &seal(&[1; 32], &reply)?).err();
        assert_eq!(error.map(|error| error.code()), Some("reply_not_kept"));
        Ok(())
    }
}
