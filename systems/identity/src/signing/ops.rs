//! Making a key, and putting a new one in the place of the old.

use std::time::Duration;

use db::{Db, Tx};
use serde_json::json;
use types::{Installation, Result, Time};
use web::App;

use super::store::{self, KeyRow};
use super::token::SigningKey;
use super::{AHEAD, SigningKeyId};
use crate::secrets::{self, Secrets};
use crate::settings::IdentitySettings;
use crate::{Identity, events};

/// When a new key begins to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The first one: there is nothing to wait for.
    Now,
    /// After it has been published for a while.
    Later,
    /// At once, and what the others signed is not believed any more: somebody may hold one of them.
    InPlaceOfAll,
}

/// A key that was made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) id: SigningKeyId,
    pub(crate) signs_from: Time,
}

/// Makes a key and retires the others, in one commit.
pub(crate) async fn make(db: &Db, secrets: &Secrets, inst: &Installation, when: When) -> Result<Made> {
    let now = db.clock().now();
    let seed: [u8; 32] = secrets::random();
    let id = SigningKeyId::at(now);
    let public = SigningKey::public_of(&seed);
    let signs_from = if when == When::Later { now.plus(AHEAD) } else { now };
    let sealed = secrets.seal(&about(id, &public), &seed);
    let row = KeyRow { id, public, sealed, signs_from, retired_at: None };
    let write =
        db.write((inst.clone(), row, when), |tx, (inst, row, when)| Box::pin(put(tx, inst, row, *when)));
    write.await?;
    Ok(Made { id, signs_from })
}

async fn put(tx: &mut Tx, inst: &Installation, row: &KeyRow, when: When) -> Result<()> {
    let retired_at = match when {
        // However far the clock is set back, nobody reads them again.
        When::InPlaceOfAll => Time::from_millis(0),
        When::Now | When::Later => row.signs_from,
    };
    store::retire(tx, inst, retired_at).await?;
    store::insert(tx, inst, row).await?;
    let payload = json!({"signs_from": row.signs_from, "old_ones_still_read": when != When::InPlaceOfAll});
    events::in_installation(tx, inst, events::SIGNING_KEY_CREATED, row.id.to_string(), payload).await
}

/// Puts a new key in the place of the one that signs.
pub(crate) async fn rotate(app: &App, inst: &Installation, when: When) -> Result<Made> {
    let identity = app.extension::<Identity>()?;
    let made = make(app.db(), &identity.secrets, inst, when).await?;
    identity.signing.forget();
    Ok(made)
}

/// Whether the newest key has been there for as long as one may be.
pub(crate) async fn is_due(app: &App, inst: &Installation) -> Result<bool> {
    let life: Duration = app.settings().get::<IdentitySettings>().signing_key_life;
    let newest = app.db().read(inst.clone(), |rx, inst| Box::pin(store::newest(rx, inst))).await?;
    Ok(newest.is_some_and(|signs_from| signs_from.plus(life) <= app.clock().now()))
}

/// Ties a sealed private key to its own row.
pub(super) fn about(id: SigningKeyId, public: &[u8; 32]) -> Vec<u8> {
    [id.as_bytes().as_slice(), public].concat()
}
