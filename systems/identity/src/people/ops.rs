//! Making a person.

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result};

use super::model::Email;
use super::store::{self, NewPerson};
use crate::events;

/// A person with a password. The event holds no address: whoever may see people reads it from them.
pub async fn create(
    tx: &mut Tx,
    inst: &Installation,
    email: &Email,
    password_hash: &str,
) -> Result<PersonId> {
    let now = tx.now();
    let id = PersonId::at(now);
    let name = email.local_part();
    let new = NewPerson { id, email, name, password_hash: Some(password_hash), now };
    if !store::insert(tx, inst, new).await? {
        return Err(Error::conflict("already_exists", "Somebody with this address has an account already."));
    }
    events::in_installation(tx, inst, events::PERSON_CREATED, id.to_string(), json!({})).await?;
    Ok(id)
}
