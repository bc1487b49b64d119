//! The keys that sign access tokens: made here, kept encrypted, shared by every node through the database, published, and
//! replaced after a while.
//!
//! Owns the ring of keys of this process and the token format. Refuses to know sessions beyond their id.

pub(crate) mod jobs;
pub(crate) mod ops;
pub(crate) mod published;
mod store;
mod token;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use db::Db;
use types::{Installation, Result, Time};

pub(crate) use token::{BadToken, Claims, Issuer, SigningKeyId, in_time};
use token::{ReadingKey, SigningKey};

use crate::secrets::Secrets;

/// How long a key that signs no more is still read and published: longer than any access token lives.
const READ_AFTER_RETIRING: Duration = Duration::from_hours(2);

/// How long a new key is published before it signs: whoever keeps the published list for a while has it in time.
const AHEAD: Duration = Duration::from_mins(10);

/// How old what this process knows of the keys may be. Far less than [`AHEAD`].
const RELOAD: Duration = Duration::from_secs(30);

/// At most this often an unknown key sends us to the database, whatever strangers present.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The keys as they were at one moment, the newest first.
struct Ring {
    signing: Vec<(Time, SigningKey)>,
    reading: Vec<ReadingKey>,
    loaded_at: Time,
}

impl Ring {
    fn is_younger(&self, than: Duration, now: Time) -> bool {
        now >= self.loaded_at && now.since(self.loaded_at) < than
    }

    /// The newest whose time has come.
    fn signs(&self, now: Time) -> Option<&SigningKey> {
        self.signing.iter().find(|(from, _)| *from <= now).map(|(_, key)| key)
    }
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
        let now = db.clock().now();
        let ring = self.ring(db, secrets, RELOAD, now).await?;
        if let Some(key) = ring.signs(now) {
            return Ok(key.sign(claims));
        }
        let _one = self.loading.lock().await;
        let (mut now, mut ring) = (now, self.load(db, secrets, now).await?);
        if ring.signs(now).is_none() {
            // It signs from the moment it is made, which is later than the one that was asked about.
            now = now.max(ops::make(db, secrets, &self.inst, ops::When::Now).await?.signs_from);
            ring = self.load(db, secrets, now).await?;
        }
        let ring = Arc::new(ring);
        self.ring.store(Some(Arc::clone(&ring)));
        let missing = || types::Error::internal("the signing key that was just made can not be opened");
        ring.signs(now).map(|key| key.sign(claims)).ok_or_else(missing)
    }

    /// Reads a token. A key that is not known here may be another node's newest, so the database is asked once more.
    pub(crate) async fn read(
        &self,
        db: &Db,
        secrets: &Secrets,
        text: &str,
        now: Time,
    ) -> Result<std::result::Result<Claims, BadToken>> {
        let ring = self.ring(db, secrets, RELOAD, now).await?;
        let read = token::read(&ring.reading, &self.issuer, text, now);
        if read != Err(BadToken::UnknownKey) {
            return Ok(read);
        }
        let ring = self.ring(db, secrets, LOOK_AGAIN, now).await?;
        Ok(token::read(&ring.reading, &self.issuer, text, now))
    }

    /// Whether the key of a token that was read before is still good: one that was given up takes its tokens with it.
    pub(crate) async fn still_reads(
        &self,
        db: &Db,
        secrets: &Secrets,
        text: &str,
        now: Time,
    ) -> Result<bool> {
        let ring = self.ring(db, secrets, RELOAD, now).await?;
        Ok(ring.reading.iter().any(|key| key.made(text)))
    }

    /// The id and the public half, in base64url, of every key that is read.
    pub(crate) async fn published(
        &self,
        db: &Db,
        secrets: &Secrets,
        now: Time,
    ) -> Result<Vec<(String, String)>> {
        let ring = self.ring(db, secrets, RELOAD, now).await?;
        Ok(ring.reading.iter().map(ReadingKey::published).collect())
    }

    /// From now on this process reads the keys anew.
    pub(crate) fn forget(&self) {
        self.ring.store(None);
    }

    async fn ring(&self, db: &Db, secrets: &Secrets, age: Duration, now: Time) -> Result<Arc<Ring>> {
        let young = || self.ring.load_full().filter(|ring| ring.is_younger(age, now));
        if let Some(ring) = young() {
            return Ok(ring);
        }
        let _one = self.loading.lock().await;
        if let Some(ring) = young() {
            return Ok(ring);
        }
        let ring = Arc::new(self.load(db, secrets, now).await?);
        self.ring.store(Some(Arc::clone(&ring)));
        Ok(ring)
    }

    async fn load(&self, db: &Db, secrets: &Secrets, now: Time) -> Result<Ring> {
        let since = now.minus(READ_AFTER_RETIRING);
        let rows = db
            .read((self.inst.clone(), since), |rx, (inst, since)| Box::pin(store::list(rx, inst, *since)))
            .await?;
        let signing = rows.iter().filter(|row| row.retired_at.is_none_or(|at| at > now)).filter_map(|row| {
            let seed = secrets.open(&ops::about(row.id, &row.public), &row.sealed)?;
            Some((row.signs_from, SigningKey::new(row.id, &seed, &row.public)?))
        });
        let signing = signing.collect();
        let reading = rows.iter().map(|row| ReadingKey::new(row.id, row.public)).collect();
        Ok(Ring { signing, reading, loaded_at: now })
    }
}
