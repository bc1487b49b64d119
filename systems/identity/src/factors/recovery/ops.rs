//! Making a set of recovery codes, and using one up.

use db::Tx;
use serde_json::json;
use types::{Installation, PersonId, Result};

use super::code::{self, SET};
use super::store;
use crate::events;
use crate::letters::{self, News};

/// A new set in place of the old one. The texts are shown this once.
pub(crate) async fn renew(tx: &mut Tx, inst: &Installation, person: PersonId) -> Result<Vec<String>> {
    store::remove(tx, inst, person).await?;
    let now = tx.now();
    let codes: Vec<_> = (0..SET).map(|_| code::new()).collect();
    for hash in codes.iter().filter_map(|code| code::hash(person, code)) {
        store::insert(tx, inst, person, &hash, now).await?;
    }
    events::in_installation(tx, inst, events::RECOVERY_CODES_MADE, person.to_string(), json!({})).await?;
    Ok(codes)
}

/// A set for whoever has none left.
pub(crate) async fn first(tx: &mut Tx, inst: &Installation, person: PersonId) -> Result<Option<Vec<String>>> {
    if store::left(tx, inst, person).await? > 0 {
        return Ok(None);
    }
    renew(tx, inst, person).await.map(Some)
}

/// Uses one up; one statement decides.
pub(crate) async fn take(tx: &mut Tx, inst: &Installation, person: PersonId, typed: &str) -> Result<bool> {
    let Some(hash) = code::hash(person, typed) else { return Ok(false) };
    let now = tx.now();
    if !store::take(tx, inst, person, &hash, now).await? {
        return Ok(false);
    }
    let left = store::left(tx, inst, person).await?;
    events::in_installation(tx, inst, events::RECOVERY_CODE_USED, person.to_string(), json!({"left": left}))
        .await?;
    letters::door(tx, inst, person, News::CodeUsed { left }).await?;
    Ok(true)
}
