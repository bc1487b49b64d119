//! Going, staying after all, and the end.

use std::time::Duration;

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result, Scope, Time};
use web::App;

use crate::letters::{self, Letter};
use crate::links::{self, NewLink, Purpose, Token};
use crate::people::{self, Email, PersonRow, Status};
use crate::sessions::ops_door::invalid_credentials;
use crate::workspaces::members;
use crate::{Identity, events, factors, keys, secrets, sessions, sso};

/// How long the way back that a sign-in shows is open.
const STAY_NOW: Duration = Duration::from_mins(15);

/// Ends what somebody may do, and says when the account goes. Who is the only owner of a workspace hands it over first.
pub(crate) async fn leave(
    tx: &mut Tx,
    inst: &Installation,
    person: &PersonRow,
    grace: Duration,
) -> Result<Time> {
    people::ops::refuse_deleted(person)?;
    if let Some(at) = person.leaves_at {
        return Ok(at);
    }
    refuse_only_owner(tx, inst, person.id).await?;
    people::ops::refuse_last_administrator(tx, inst, person.id).await?;
    let at = tx.now().plus(grace);
    // Whom an operator keeps out stays out while the time runs.
    let status = if person.status == Status::Active { Status::Leaving } else { person.status };
    people::ops::set_status(tx, inst, person.id, status, Some(at)).await?;
    sessions::ops::revoke_all(tx, inst, person.id, None).await?;
    letters::ask(tx, inst, &Letter::Leaving { person: person.id }).await?;
    Ok(at)
}

async fn refuse_only_owner(tx: &mut Tx, inst: &Installation, person: PersonId) -> Result<()> {
    let alone = members::store::owned_alone(tx, inst, person).await?;
    if alone.is_empty() {
        return Ok(());
    }
    let message = "Somebody who leaves must hand over first what only they own.";
    Err(Error::conflict("only_owner", message).with("workspaces", alone))
}

/// Keeps the account, by the link of the mail or what a sign-in answered.
pub(crate) async fn stay(app: &App, inst: &Installation, token: &str) -> Result<()> {
    let args = (inst.clone(), secrets::hash(token));
    let write = app.db().write(args, |tx, (inst, token)| {
        Box::pin(async move {
            let now = tx.now();
            let mailed = links::store::good(tx, inst, token, Purpose::Stay, now).await?.is_some();
            let purpose = if mailed { Purpose::Stay } else { Purpose::StayNow };
            let link = links::ops::take(tx, inst, token, purpose).await?;
            let person = links::ops::owner(tx, inst, &link).await?;
            if person.status != Status::Leaving {
                return Err(links::ops::invalid());
            }
            people::ops::set_status(tx, inst, person.id, Status::Active, None).await?;
            for purpose in [Purpose::Stay, Purpose::StayNow] {
                links::store::end_of_person(tx, inst, purpose, person.id, now).await?;
            }
            Ok(())
        })
    });
    write.await?;
    app.extension::<Identity>()?.callers.forget();
    Ok(())
}

/// What somebody with the right password is told who may not sign in. Who is leaving is shown the way back; everybody else
/// hears what a stranger hears.
pub(crate) async fn admit(app: &App, inst: &Installation, person: &PersonRow) -> Result<()> {
    let at = match (person.status, person.leaves_at) {
        (Status::Active, _) => return Ok(()),
        (Status::Leaving, Some(at)) if at > app.clock().now() => at,
        _ => return Err(invalid_credentials()),
    };
    let token = Token::new();
    let link = NewLink {
        hash: token.hash(),
        purpose: Purpose::StayNow,
        person: Some((person.id, person.proof)),
        email: Email::of(&person.email),
        life: STAY_NOW,
    };
    let write =
        app.db().write((inst.clone(), link), |tx, (inst, link)| Box::pin(links::ops::issue(tx, inst, link)));
    write.await?;
    let message = "This account will be deleted. It can be kept with the token, and then signed in to.";
    Err(Error::forbidden("account_leaving", message)
        .with("deletes_at", at.to_string())
        .with("cancel_token", token.text()))
}

/// What is left of somebody is the id. Refused while a workspace would be left without an owner.
pub(crate) async fn erase(tx: &mut Tx, inst: &Installation, person: &PersonRow) -> Result<()> {
    refuse_only_owner(tx, inst, person.id).await?;
    let (id, now) = (person.id, tx.now());
    for membership in members::store::of_person(tx, inst, id).await? {
        let scope = Scope::system(membership.workspace, "somebody left the installation");
        members::ops::remove(tx, inst, &scope, id).await?;
    }
    for key in keys::store::forget_person(tx, inst, id, now).await? {
        let payload = json!({"because": "person_deleted"});
        events::in_installation(tx, inst, events::API_KEY_REVOKED, key.to_string(), payload).await?;
    }
    sessions::store::forget_person(tx, inst, id).await?;
    factors::ops::reset(tx, inst, id).await?;
    sso::identities::store::forget_person(tx, inst, id).await?;
    links::store::forget_person(tx, inst, id).await?;
    people::store::erase(tx, inst, id, now).await?;
    events::in_installation(tx, inst, events::PERSON_DELETED, id.to_string(), json!({})).await?;
    letters::ask(tx, inst, &Letter::Gone { email: person.email.clone() }).await
}
