//! All SQL about the keys that sign access tokens.

use db::{Read, Tx, params};
use types::{Error, Installation, Result, Time};

use super::token::SigningKeyId;

#[derive(Clone)]
pub(crate) struct KeyRow {
    pub(crate) id: SigningKeyId,
    pub(crate) public: [u8; 32],
    pub(crate) sealed: Vec<u8>,
    pub(crate) signs_from: Time,
    pub(crate) retired_at: Option<Time>,
}

/// Newest first, without those that retired before `since`.
pub(crate) async fn list(rx: &mut Read, _: &Installation, since: Time) -> Result<Vec<KeyRow>> {
    let sql = "SELECT id, public_key, private_key, signs_from, retired_at FROM signing_keys \
               WHERE retired_at IS NULL OR retired_at > $1 ORDER BY signs_from DESC, id DESC";
    let mut keys = Vec::new();
    for mut row in rx.rows(sql, params![since]).await? {
        let public: Vec<u8> = row.take("public_key")?;
        keys.push(KeyRow {
            id: row.take("id")?,
            public: public.try_into().map_err(|_| Error::internal("a public key is not 32 bytes"))?,
            sealed: row.take("private_key")?,
            signs_from: row.take("signs_from")?,
            retired_at: row.take("retired_at")?,
        });
    }
    Ok(keys)
}

/// When the newest key began to sign, or will.
pub(crate) async fn newest(rx: &mut Read, _: &Installation) -> Result<Option<Time>> {
    let sql = "SELECT created_at, signs_from FROM signing_keys ORDER BY signs_from DESC, id DESC LIMIT 1";
    let Some(mut row) = rx.row(sql, params![]).await? else { return Ok(None) };
    // One from before keys were published ahead of their time signed from the beginning.
    let (made, from): (Time, Time) = (row.take("created_at")?, row.take("signs_from")?);
    Ok(Some(made.max(from)))
}

pub(crate) async fn insert(tx: &mut Tx, _: &Installation, key: &KeyRow) -> Result<()> {
    let sql = "INSERT INTO signing_keys (id, public_key, private_key, created_at, signs_from) \
               VALUES ($1, $2, $3, $4, $5)";
    let now = tx.now();
    let values = params![key.id, key.public.as_slice(), key.sealed.as_slice(), now, key.signs_from];
    tx.execute(sql, values).await?;
    Ok(())
}

/// From then on no key that is there now signs.
pub(crate) async fn retire(tx: &mut Tx, _: &Installation, at: Time) -> Result<()> {
    let sql = "UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL OR retired_at > $1";
    tx.execute(sql, params![at]).await?;
    Ok(())
}
