//! Making a link, and using it up.

use std::time::Duration;

use db::{Read, Tx};
use types::{Error, Installation, PersonId, Result};
use web::{App, Fault};

use super::model::{LinkRow, NewLink, Purpose};
use super::store;
use crate::people::{self, PersonRow, Status};
use crate::secrets;

/// Within this time an address is sent [`MAILS`] mails at most that a stranger may ask for. No link lives shorter, so whoever
/// is sent no more because of others has one that works.
pub(crate) const WINDOW: Duration = Duration::from_mins(15);
const MAILS: i64 = 3;

/// Whether the address had enough mails for now.
pub(crate) async fn had_enough(rx: &mut Read, inst: &Installation, link: &NewLink) -> Result<bool> {
    let since = rx.now().minus(WINDOW);
    Ok(store::mailed(rx, inst, &link.email.key, link.purpose, since).await? >= MAILS)
}

/// Writes the link down. Older ones of its purpose work no more: the newest mail is the one that counts.
pub(crate) async fn issue(tx: &mut Tx, inst: &Installation, link: &NewLink) -> Result<()> {
    let now = tx.now();
    match link.person {
        Some((person, _)) => store::end_of_person(tx, inst, link.purpose, person, now).await?,
        None => store::end_of_address(tx, inst, link.purpose, &link.email.key, now).await?,
    }
    store::insert(tx, inst, link, now).await
}

/// The link, as long as it could be used: asked before anything is hashed for a stranger.
pub(crate) async fn look(app: &App, inst: &Installation, token: &str, purpose: Purpose) -> Result<LinkRow> {
    let hash = secrets::hash(token);
    let read = app.db().read((inst.clone(), hash, purpose), |rx, (inst, hash, purpose)| {
        Box::pin(async move {
            let now = rx.now();
            store::good(rx, inst, hash, *purpose, now).await
        })
    });
    let link = read.await?.ok_or_else(invalid)?;
    if app.broken(Fault::LookedAtLinks) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(link)
}

/// Uses the link up. Of many at once one gets it.
pub(crate) async fn take(
    tx: &mut Tx,
    inst: &Installation,
    token_hash: &[u8],
    purpose: Purpose,
) -> Result<LinkRow> {
    let now = tx.now();
    let link = store::good(tx, inst, token_hash, purpose, now).await?.ok_or_else(invalid)?;
    if store::take(tx, inst, token_hash, purpose, now).await? { Ok(link) } else { Err(invalid()) }
}

/// The person whose link it is, as they are now. Another password or address since then has ended it.
pub(crate) async fn owner(rx: &mut Read, inst: &Installation, link: &LinkRow) -> Result<PersonRow> {
    let id: PersonId = link.person.ok_or_else(invalid)?;
    let person = people::store::get(rx, inst, id).await?.ok_or_else(invalid)?;
    let open = matches!(person.status, Status::Active | Status::Leaving);
    if open && person.proof == link.proof { Ok(person) } else { Err(invalid()) }
}

/// One refusal for every reason.
pub(crate) fn invalid() -> Error {
    let message = "This link does not work: it was used, it is too old, or a newer one was sent.";
    Error::forbidden("link_invalid", message)
}
