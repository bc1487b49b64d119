//! Beginning with codes by the clock, using one, and leaving off.

use db::Tx;
use types::{Error, Installation, PersonId, Result};

use super::code::{self, SECRET};
use super::store;
use crate::factors::ops::{self as factors, tell_added, tell_removed};
use crate::factors::{Method, recovery};
use crate::secrets::{self, Secrets};

/// A secret for somebody's app. It counts once a code of it was shown.
pub(crate) async fn begin(
    tx: &mut Tx,
    inst: &Installation,
    keys: &Secrets,
    person: PersonId,
) -> Result<[u8; SECRET]> {
    let secret = secrets::random::<SECRET>();
    let sealed = keys.factors.seal(person.as_bytes(), &secret);
    let now = tx.now();
    if !store::begin(tx, inst, person, &sealed, now).await? {
        return Err(Error::conflict("totp_on", "Codes by the clock are on already. Switch them off first."));
    }
    Ok(secret)
}

/// The first code: from now on they are asked for. Answers with recovery codes if there were none.
pub(crate) async fn confirm(
    tx: &mut Tx,
    inst: &Installation,
    keys: &Secrets,
    person: PersonId,
    typed: &str,
) -> Result<Option<Vec<String>>> {
    let now = tx.now();
    let row = store::get(tx, inst, person).await?.filter(|row| row.confirmed_at.is_none());
    let row =
        row.ok_or_else(|| Error::conflict("totp_not_begun", "There is nothing to confirm. Enrol first."))?;
    let secret = opened(keys, person, &row.sealed)?;
    let step = code::step_of(&secret, typed, now).ok_or_else(|| {
        let error = Error::invalid("invalid", "Some fields are not valid.");
        error.at_field("/code", "wrong", "is not the code that the app shows now; is its clock right?")
    })?;
    if !store::confirm(tx, inst, person, step, now).await? {
        return Err(Error::conflict("totp_on", "Codes by the clock are on already."));
    }
    tell_added(tx, inst, person, Method::Totp).await?;
    recovery::ops::first(tx, inst, person).await
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Used {
    /// It was right, and is used up.
    Now,
    /// It was right, and had been used. No guess, so it does not count as one.
    Before,
    Never,
}

/// Uses a code up. One statement decides, so that of many copies one is first.
pub(crate) async fn take(
    tx: &mut Tx,
    inst: &Installation,
    keys: &Secrets,
    person: PersonId,
    typed: &str,
) -> Result<Used> {
    let now = tx.now();
    let row = store::get(tx, inst, person).await?.filter(|row| row.confirmed_at.is_some());
    let Some(row) = row else { return Ok(Used::Never) };
    let secret = opened(keys, person, &row.sealed)?;
    let Some(step) = code::step_of(&secret, typed, now) else { return Ok(Used::Never) };
    if step <= row.last_step {
        return Ok(Used::Before);
    }
    Ok(if store::take(tx, inst, person, step).await? { Used::Now } else { Used::Before })
}

/// The mistake that P7 guards against: a code that is right is good, however often it was used.
pub(crate) async fn forgetful(
    tx: &mut Tx,
    inst: &Installation,
    keys: &Secrets,
    person: PersonId,
    typed: &str,
) -> Result<Used> {
    let now = tx.now();
    let Some(row) = store::get(tx, inst, person).await? else { return Ok(Used::Never) };
    let secret = opened(keys, person, &row.sealed)?;
    Ok(if code::step_of(&secret, typed, now).is_some() { Used::Now } else { Used::Never })
}

/// No codes by the clock any more; no recovery codes either when nothing else is left.
pub(crate) async fn disable(tx: &mut Tx, inst: &Installation, person: PersonId) -> Result<()> {
    if !store::remove(tx, inst, person).await? {
        return Err(Error::conflict("totp_off", "Codes by the clock are off already."));
    }
    tell_removed(tx, inst, person, Method::Totp).await?;
    factors::forget_what_is_left_over(tx, inst, person).await
}

fn opened(keys: &Secrets, person: PersonId, sealed: &[u8]) -> Result<Vec<u8>> {
    keys.factors.open(person.as_bytes(), sealed).ok_or_else(|| {
        let message =
            "This second factor can not be read any more. A passkey or a recovery code still works.";
        Error::unavailable("second_factor_unreadable", message)
    })
}
