//! Proving who one is by the password, and giving somebody another one.

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Problems, Result};
use web::{App, Fault};

use super::Proof;
use crate::letters::{self, Letter};
use crate::links::{self, LinkRow, Purpose};
use crate::people::{self, check_password_of, password_text};
use crate::sessions::SessionId;
use crate::{Identity, events, secrets, sessions};

/// That a person who has signed in knows their password; tells the hash that it fits. Asked before what only they may
/// do: a device that was left open is not enough.
pub(crate) async fn prove(
    app: &App,
    inst: &Installation,
    person: PersonId,
    password: &str,
) -> Result<String> {
    let read = app
        .db()
        .get((inst.clone(), person), |rx, (inst, id)| Box::pin(people::store::password(rx, inst, *id)));
    let hash = read.await?.ok_or_else(no_password)?;
    let identity = app.extension::<Identity>()?;
    if identity.passwords.verify(app.tasks(), password_text(password), Some(hash.clone())).await? {
        return Ok(hash);
    }
    Err(Error::forbidden("wrong_password", "That is not your password."))
}

/// A password that may be this person's, as its hash.
async fn accepted(app: &App, path: &str, password: &str, email: &str) -> Result<String> {
    let mut problems = Problems::new();
    check_password_of(path, password, email, &mut problems);
    problems.into_result()?;
    app.extension::<Identity>()?.passwords.hash(app.tasks(), password_text(password)).await
}

/// Replaces the password of somebody who knows it. Every session but the one that asks ends.
pub(crate) async fn change(
    app: &App,
    inst: &Installation,
    who: (PersonId, SessionId),
    current: &str,
    new: &str,
) -> Result<()> {
    let (person, session) = who;
    let before = prove(app, inst, person, current).await?;
    let email = inst.actor().label.clone();
    let hash = accepted(app, "/new_password", new, &email).await?;
    let args = (inst.clone(), person, session, before, hash);
    let write = app.db().write(args, |tx, (inst, person, session, before, hash)| {
        Box::pin(async move {
            if people::store::password(tx, inst, *person).await?.as_ref() != Some(before) {
                return Err(Error::conflict("password_changed", "The password was changed meanwhile."));
            }
            set(tx, inst, *person, hash, Some(*session)).await
        })
    });
    write.await?;
    app.extension::<Identity>()?.callers.forget();
    Ok(())
}

/// Sets the password of whoever holds the link. Nobody is signed in by it: a second factor is asked for as always.
pub(crate) async fn reset(app: &App, inst: &Installation, token: &str, password: &str) -> Result<()> {
    let link = links::ops::look(app, inst, token, Purpose::Reset).await?;
    let hash = accepted(app, "/password", password, &link.email.typed).await?;
    let broken = app.broken(Fault::LookedAtLinks).then_some(link);
    let args = (inst.clone(), secrets::hash(token), hash, broken);
    let write = app.db().write(args, |tx, (inst, token, hash, broken)| {
        Box::pin(async move {
            let person = if let Some(LinkRow { person, .. }) = broken {
                person.ok_or_else(links::ops::invalid)?
            } else {
                let link = links::ops::take(tx, inst, token, Purpose::Reset).await?;
                links::ops::owner(tx, inst, &link).await?.id
            };
            set(tx, inst, person, hash, None).await
        })
    });
    write.await?;
    app.extension::<Identity>()?.callers.forget();
    Ok(())
}

/// Another password: the links that the one before had proven work no more, sessions end, and the person is told.
async fn set(
    tx: &mut Tx,
    inst: &Installation,
    person: PersonId,
    hash: &str,
    keep: Option<SessionId>,
) -> Result<()> {
    let now = tx.now();
    people::store::set_password(tx, inst, person, hash, now).await?;
    sessions::ops::revoke_all(tx, inst, person, keep).await?;
    events::in_installation(tx, inst, events::PASSWORD_CHANGED, person.to_string(), json!({})).await?;
    letters::ask(tx, inst, &Letter::PasswordChanged { person }).await
}

/// Keeps the dearer hash that a proof came with, if it did.
pub(crate) async fn renew(app: &App, inst: &Installation, person: PersonId, proof: Proof) -> Result<()> {
    let Some((before, renewed)) = proof.renewed else { return Ok(()) };
    let args = (inst.clone(), person, before, renewed);
    let write = app.db().write(args, |tx, (inst, person, before, renewed)| {
        Box::pin(people::store::renew_hash(tx, inst, *person, before, renewed))
    });
    write.await.map(drop)
}

fn no_password() -> Error {
    let message = "You have no password. Ask for a link to set one, with the address of your account.";
    Error::conflict("no_password", message)
}
