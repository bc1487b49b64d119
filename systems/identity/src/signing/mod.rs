//! The keys that sign access tokens: made once, kept encrypted, shared by every node through the database.
//!
//! Owns the ring of keys of this process and the token format. Refuses to know sessions beyond their id.

mod store;
mod token;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use db::Db;
use types::{Installation, Result, Time};

pub(crate) use token::{BadToken, Claims, Issuer, SigningKeyId, in_time};
use token::{ReadingKey, SigningKey};

use crate::secrets::{self, Secrets};

/// How long a key that signs no more is still read: longer than any access token lives.
const READ_AFTER_RETIRING: Duration = Duration::from_hours(2);

/// At most this often an unknown key sends us to the database, whatever strangers present.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

struct Ring {
    signing: Option<SigningKey>,
    reading: Vec<ReadingKey>,
    loaded_at: Time,
}

/// The keys as this process knows them.
pub(crate) struct Signing {
    ring: ArcSwapOption<Ring>,
    loading: tokio::sync::Mutex<()>,
    issuer: Issuer,
    inst: Installation,
}

impl Signing {
    pub(crate) fn new(issuer: Issuer, inst: Installation) -> Self {
        Self { ring: ArcSwapOption::empty(), loading: tokio::sync::Mutex::default(), issuer, inst }
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Signs with the newest key; makes the first one when there is none that this installation's secret opens.
    pub(crate) async fn sign(&self, db: &Db, secrets: &Secrets, claims: &Claims) -> Result<String> {
        loop {
            if let Some(ring) = self.ring.load_full()
                && let Some(key) = &ring.signing
            {
                return Ok(key.sign(claims));
            }
            let _one = self.loading.lock().await;
            if self.ring.load().as_ref().is_some_and(|ring| ring.signing.is_some()) {
                continue;
            }
            let now = db.clock().now();
            let mut ring = self.load(db, secrets, now).await?;
            if ring.signing.is_none() {
                self.make(db, secrets, now).await?;
                ring = self.load(db, secrets, now).await?;
            }
            if ring.signing.is_none() {
                return Err(types::Error::internal("the signing key that was just made can not be opened"));
            }
            self.ring.store(Some(Arc::new(ring)));
        }
    }

    /// Reads a token. A key that is not known here may be another node's newest, so the database is asked once more.
    pub(crate) async fn read(
        &self,
        db: &Db,
        secrets: &Secrets,
        text: &str,
        now: Time,
    ) -> Result<std::result::Result<Claims, BadToken>> {
        if let Some(ring) = self.ring.load_full() {
            let read = token::read(&ring.reading, &self.issuer, text, now);
            let fresh = now >= ring.loaded_at && now.since(ring.loaded_at) < LOOK_AGAIN;
            if read != Err(BadToken::UnknownKey) || fresh {
                return Ok(read);
            }
        }
        let _one = self.loading.lock().await;
        let fresh = |ring: &Arc<Ring>| now >= ring.loaded_at && now.since(ring.loaded_at) < LOOK_AGAIN;
        let ring = if let Some(ring) = self.ring.load_full().filter(fresh) {
            ring
        } else {
            let ring = Arc::new(self.load(db, secrets, now).await?);
            self.ring.store(Some(Arc::clone(&ring)));
            ring
        };
        Ok(token::read(&ring.reading, &self.issuer, text, now))
    }

    async fn load(&self, db: &Db, secrets: &Secrets, now: Time) -> Result<Ring> {
        let since = now.minus(READ_AFTER_RETIRING);
        let rows = db
            .read((self.inst.clone(), since), |rx, (inst, since)| Box::pin(store::list(rx, inst, *since)))
            .await?;
        let signing = rows.iter().filter(|row| !row.retired).find_map(|row| {
            let seed = secrets.open(&about(row.id, &row.public), &row.sealed)?;
            SigningKey::new(row.id, &seed, &row.public)
        });
        let reading = rows.iter().map(|row| ReadingKey::new(row.id, row.public)).collect();
        Ok(Ring { signing, reading, loaded_at: now })
    }

    async fn make(&self, db: &Db, secrets: &Secrets, now: Time) -> Result<()> {
        let seed: [u8; 32] = secrets::random();
        let id = SigningKeyId::at(now);
        let public = SigningKey::public_of(&seed);
        let row =
            store::KeyRow { id, public, sealed: secrets.seal(&about(id, &public), &seed), retired: false };
        db.write((self.inst.clone(), row), |tx, (inst, row)| Box::pin(store::insert(tx, inst, row))).await
    }
}

/// Ties a sealed private key to its own row.
fn about(id: SigningKeyId, public: &[u8; 32]) -> Vec<u8> {
    [id.as_bytes().as_slice(), public].concat()
}
