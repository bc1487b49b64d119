//! Making a person, and changing one.

use db::{Read, Tx};
use serde_json::json;
use types::{Error, Installation, Permission, PersonId, Result, Rights, Time};

use super::model::{Email, PersonRow, Status};
use super::store::{self, NewPerson};
use crate::admin::ALL_RIGHTS;
use crate::{events, sessions};

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

/// Makes somebody an administrator of the installation.
pub(crate) async fn grant_all(tx: &mut Tx, inst: &Installation, id: PersonId) -> Result<()> {
    let now = tx.now();
    store::grant(tx, inst, id, ALL_RIGHTS, now).await?;
    let payload = json!({"permission": ALL_RIGHTS});
    events::in_installation(tx, inst, events::RIGHTS_GRANTED, id.to_string(), payload).await
}

/// Gives somebody another name. The event does not say which: it outlives the person's account.
pub(crate) async fn rename(tx: &mut Tx, inst: &Installation, id: PersonId, name: &str) -> Result<()> {
    let now = tx.now();
    store::rename(tx, inst, id, name, now).await?;
    events::in_installation(tx, inst, events::PERSON_UPDATED, id.to_string(), json!({"changed": ["name"]}))
        .await
}

/// Lets somebody sign in no more, or again.
pub(crate) async fn set_status(
    tx: &mut Tx,
    inst: &Installation,
    id: PersonId,
    status: Status,
    leaves_at: Option<Time>,
) -> Result<()> {
    let now = tx.now();
    store::set_status(tx, inst, id, status, leaves_at, now).await?;
    let payload = json!({"status": status.as_str()});
    events::in_installation(tx, inst, events::PERSON_STATUS_CHANGED, id.to_string(), payload).await
}

/// An operator keeps somebody out: every session ends. Who is leaving leaves all the same.
pub(crate) async fn deactivate(tx: &mut Tx, inst: &Installation, person: &PersonRow) -> Result<()> {
    if person.status == Status::Deactivated {
        return Ok(());
    }
    refuse_deleted(person)?;
    refuse_last_administrator(tx, inst, person.id).await?;
    set_status(tx, inst, person.id, Status::Deactivated, person.leaves_at).await?;
    sessions::ops::revoke_all(tx, inst, person.id, None).await?;
    Ok(())
}

/// An operator lets somebody back in, and keeps the account if it was about to go.
pub(crate) async fn reactivate(tx: &mut Tx, inst: &Installation, person: &PersonRow) -> Result<()> {
    if person.status == Status::Active {
        return Ok(());
    }
    refuse_deleted(person)?;
    set_status(tx, inst, person.id, Status::Active, None).await
}

pub(crate) fn refuse_deleted(person: &PersonRow) -> Result<()> {
    if person.status == Status::Deleted {
        return Err(Error::conflict("person_deleted", "This account was deleted. Only its id is left."));
    }
    Ok(())
}

/// An installation that nobody can administer could only be helped at the machine.
pub(crate) async fn refuse_last_administrator(
    rx: &mut Read,
    inst: &Installation,
    id: PersonId,
) -> Result<()> {
    let administers = store::rights(rx, inst, id).await?.hold(Permission(ALL_RIGHTS));
    if administers && !store::others_administer(rx, inst, id, ALL_RIGHTS).await? {
        let message = "Nobody else administers this installation. Make another administrator first.";
        return Err(Error::conflict("last_administrator", message));
    }
    Ok(())
}

/// The person whom an operator acts upon. Nobody acts upon somebody who may do more to the installation than they: else a
/// reset link would be a way to every right.
pub(crate) async fn subject(
    rx: &mut Read,
    inst: &Installation,
    id: PersonId,
    held: &Rights,
) -> Result<PersonRow> {
    let person = store::get(rx, inst, id).await?.ok_or_else(Error::not_found)?;
    let theirs = store::rights(rx, inst, id).await?;
    if covers(held, &theirs) {
        return Ok(person);
    }
    Err(Error::forbidden(
        "cannot_act_upon",
        "This person may do more than you, so you cannot do this to them.",
    ))
}

fn covers(held: &Rights, theirs: &Rights) -> bool {
    let all = held.names().any(|name| name == ALL_RIGHTS);
    all || theirs.names().all(|name| held.names().any(|own| own == name))
}

/// The person as they are now.
pub(crate) async fn shown(rx: &mut Read, inst: &Installation, id: PersonId) -> Result<PersonRow> {
    store::get(rx, inst, id).await?.ok_or_else(Error::not_found)
}
