//! Agreeing, and what happens when both have.

use db::Tx;
use serde_json::json;
use types::{Error, Installation, Result};
use web::App;

use crate::letters::{self, Letter};
use crate::links::{self, LinkRow, Purpose};
use crate::people::{self, PersonRow};
use crate::{Identity, events, secrets};

/// Uses one of the two links. Whether the address is another now: it is when both were used.
pub(crate) async fn agree(app: &App, inst: &Installation, token: &str) -> Result<bool> {
    let args = (inst.clone(), secrets::hash(token));
    let changed = app.db().write(args, |tx, (inst, token)| Box::pin(run(tx, inst, token))).await?;
    if changed {
        app.extension::<Identity>()?.callers.forget();
    }
    Ok(changed)
}

async fn run(tx: &mut Tx, inst: &Installation, token: &[u8]) -> Result<bool> {
    let (link, other) = take_half(tx, inst, token).await?;
    let person = links::ops::owner(tx, inst, &link).await?;
    let now = tx.now();
    if !links::store::was_used(tx, inst, other, person.id, &link.email.key, now).await? {
        return Ok(false);
    }
    change(tx, inst, &person, &link).await?;
    Ok(true)
}

/// The link, and which end has to agree beside it.
async fn take_half(tx: &mut Tx, inst: &Installation, token: &[u8]) -> Result<(LinkRow, Purpose)> {
    let now = tx.now();
    let is_old = links::store::good(tx, inst, token, Purpose::OldAddress, now).await?.is_some();
    let (half, other) = if is_old {
        (Purpose::OldAddress, Purpose::NewAddress)
    } else {
        (Purpose::NewAddress, Purpose::OldAddress)
    };
    Ok((links::ops::take(tx, inst, token, half).await?, other))
}

async fn change(tx: &mut Tx, inst: &Installation, person: &PersonRow, link: &LinkRow) -> Result<()> {
    let now = tx.now();
    if !people::store::set_email(tx, inst, person.id, &link.email, now).await? {
        return Err(Error::conflict("already_exists", "Somebody with this address has an account already."));
    }
    events::in_installation(tx, inst, events::ADDRESS_CHANGED, person.id.to_string(), json!({})).await?;
    let letter = Letter::AddressChanged { person: person.id, before: person.email.clone() };
    letters::ask(tx, inst, &letter).await
}
