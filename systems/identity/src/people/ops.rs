//! Making a person, and changing one.

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result};

use super::model::{Email, Status};
use super::store::{self, NewPerson};
use crate::events;

/// A person with a password. The event holds no address: whoever may see people reads it from them.
pub(crate) async fn create(
    tx: &mut Tx,
    inst: &Installation,
    email: &Email,
    password_hash: &str,
) -> Result<PersonId> {
    create_named(tx, inst, email, email.local_part(), Some(password_hash)).await
}

/// The same with a name; without a password until a link sets one.
pub(crate) async fn create_named(
    tx: &mut Tx,
    inst: &Installation,
    email: &Email,
    name: &str,
    password_hash: Option<&str>,
) -> Result<PersonId> {
    let now = tx.now();
    let id = PersonId::at(now);
    let new = NewPerson { id, email, name, password_hash, now };
    if !store::insert(tx, inst, new).await? {
        return Err(Error::conflict("already_exists", "Somebody with this address has an account already."));
    }
    events::in_installation(tx, inst, events::PERSON_CREATED, id.to_string(), json!({})).await?;
    Ok(id)
}

/// Gives somebody another name.
pub(crate) async fn rename(tx: &mut Tx, inst: &Installation, id: PersonId, name: &str) -> Result<()> {
    let now = tx.now();
    store::rename(tx, inst, id, name, now).await?;
    events::in_installation(tx, inst, events::PERSON_UPDATED, id.to_string(), json!({"name": name})).await
}

/// Lets somebody sign in no more, or again.
pub(crate) async fn set_status(tx: &mut Tx, inst: &Installation, id: PersonId, status: Status) -> Result<()> {
    let now = tx.now();
    store::set_status(tx, inst, id, status, now).await?;
    let payload = json!({"status": status.as_str()});
    events::in_installation(tx, inst, events::PERSON_STATUS_CHANGED, id.to_string(), payload).await
}
