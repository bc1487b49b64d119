//! All SQL about the keys that sign access tokens.

use db::{Read, Tx, params};
use types::{Error, Installation, Result, Time};

use super::token::SigningKeyId;

#[derive(Clone)]
pub(crate) struct KeyRow {
    pub(crate) id: SigningKeyId,
    pub(crate) public: [u8; 32],
    pub(crate) sealed: Vec<u8>,
    pub(crate) retired: bool,
}

/// Newest first, without those that retired before `since`.
pub(crate) async fn list(rx: &mut Read, _: &Installation, since: Time) -> Result<Vec<KeyRow>> {
    let sql = "SELECT id, public_key, private_key, retired_at FROM signing_keys \
               WHERE retired_at IS NULL OR retired_at > $1 ORDER BY id DESC";
    let mut keys = Vec::new();
    for mut row in rx.rows(sql, params![since]).await? {
        let public: Vec<u8> = row.take("public_key")?;
        keys.push(KeyRow {
            id: row.take("id")?,
            public: public.try_into().map_err(|_| Error::internal("a public key is not 32 bytes"))?,
            sealed: row.take("private_key")?,
            retired: row.take::<Option<Time>>("retired_at")?.is_some(),
        });
    }
    Ok(keys)
}

pub(crate) async fn insert(tx: &mut Tx, _: &Installation, key: &KeyRow) -> Result<()> {
    let sql = "INSERT INTO signing_keys (id, public_key, private_key, created_at) VALUES ($1, $2, $3, $4)";
    let now = tx.now();
    tx.execute(sql, params![key.id, key.public.as_slice(), key.sealed.as_slice(), now]).await?;
    Ok(())
}
