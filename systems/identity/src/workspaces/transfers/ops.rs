//! Offering, accepting and taking back.

use db::Tx;
use serde_json::json;
use types::{Error, PersonId, Result, Scope};

use super::model::{LIFE, Offer};
use super::store;
use crate::events;
use crate::workspaces::{Role, members};

/// Offers the workspace to a member; in place of an offer before.
pub(crate) async fn offer(tx: &mut Tx, scope: &Scope, from: PersonId, to: PersonId) -> Result<Offer> {
    need_owner(tx, scope, from).await?;
    if members::store::get(tx, scope, to).await?.is_none() || from == to {
        let error = Error::invalid("invalid", "Some fields are not valid.");
        return Err(error.at_field("/person_id", "unknown", "must be another member of the workspace"));
    }
    let now = tx.now();
    let offer = Offer { from, to, offered_at: now, expires_at: now.plus(LIFE) };
    store::put(tx, scope, &offer).await?;
    tell(tx, scope, events::TRANSFER_OFFERED, &offer).await?;
    Ok(offer)
}

/// Only an owner can give the place away; a key has none.
async fn need_owner(tx: &mut Tx, scope: &Scope, person: PersonId) -> Result<()> {
    let member = members::store::active(tx, scope, person).await?;
    if member.is_some_and(|member| member.post.role == Role::Owner) {
        return Ok(());
    }
    Err(Error::forbidden("owner_needed", "Only an owner of the workspace can give it away."))
}

/// The one to whom it was offered becomes owner, and the one who offered it admin. Both agree at this moment: the offer stands, and
/// whoever made it is an owner still.
pub(crate) async fn accept(tx: &mut Tx, scope: &Scope, person: PersonId) -> Result<()> {
    let now = tx.now();
    let offer = store::get(tx, scope, now).await?.filter(|offer| offer.to == person);
    let offer = offer.ok_or_else(Error::not_found)?;
    need_owner(tx, scope, offer.from).await?;
    if !store::remove(tx, scope).await? {
        return Err(Error::not_found());
    }
    members::ops::make(tx, scope, offer.to, Role::Owner).await?;
    members::ops::make(tx, scope, offer.from, Role::Admin).await?;
    tell(tx, scope, events::TRANSFER_ACCEPTED, &offer).await
}

/// Takes the offer back, or declines it: for who made it, for who got it, and for any owner.
pub(crate) async fn withdraw(tx: &mut Tx, scope: &Scope, offer: &Offer, person: PersonId) -> Result<()> {
    if ![offer.from, offer.to].contains(&person) {
        need_owner(tx, scope, person).await?;
    }
    store::remove(tx, scope).await?;
    tell(tx, scope, events::TRANSFER_WITHDRAWN, offer).await
}

async fn tell(tx: &mut Tx, scope: &Scope, kind: &'static str, offer: &Offer) -> Result<()> {
    let payload = json!({"from": offer.from, "to": offer.to});
    events::in_workspace(tx, scope, kind, scope.workspace().to_string(), payload).await
}
