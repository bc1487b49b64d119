//! Asking for a letter.

use db::Tx;
use queue::NewJob;
use types::{Installation, PersonId, Result};
use web::{App, Fault};

use super::jobs::LETTER;
use super::model::{Letter, News};
use crate::people::{self, email_key};

/// In the commit of what it tells about.
pub(crate) async fn ask(tx: &mut Tx, inst: &Installation, letter: &Letter) -> Result<()> {
    let mut job = NewJob::new(&LETTER, letter)?.quiet();
    if let Some(unique) = letter.unique() {
        job = job.unique(unique);
    }
    queue::enqueue_installation(tx, inst, job).await?;
    Ok(())
}

/// Tells a person of a way to sign in to their account that is new, or gone.
pub(crate) async fn door(tx: &mut Tx, inst: &Installation, person: PersonId, news: News) -> Result<()> {
    ask(tx, inst, &Letter::Door { person, news }).await
}

/// In a commit of its own, for somebody who may only type an address.
pub(crate) async fn ask_as_stranger(
    app: &App,
    inst: &Installation,
    letter: Letter,
    email: &str,
) -> Result<()> {
    if app.broken(Fault::TellingLetters) && !is_known(app, inst, email).await? {
        return Ok(());
    }
    let write = app.db().write((inst.clone(), letter), |tx, (inst, letter)| Box::pin(ask(tx, inst, letter)));
    write.await
}

/// The mistake that P23 guards against: a look that only those cost who have an account.
async fn is_known(app: &App, inst: &Installation, email: &str) -> Result<bool> {
    let read = app.db().read((inst.clone(), email_key(email)), |rx, (inst, key)| {
        Box::pin(people::store::by_email(rx, inst, key))
    });
    Ok(read.await?.is_some())
}
