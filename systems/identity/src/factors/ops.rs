//! Showing a second factor, and taking all of them off somebody.

use db::{Read, Tx};
use serde_json::json;
use types::{Installation, PersonId, Result};
use zeroize::Zeroizing;

use super::challenge::Challenge;
use super::model::{Held, Method, Refusal, Verdict};
use super::passkeys::{self, Signed};
use super::{recovery, store, totp};
use crate::letters::{self, News};
use crate::secrets::{self, Secrets};
use crate::{Identity, events, sessions};

/// What somebody shows.
pub(crate) enum Shown {
    /// A code by the clock or from paper, as it was typed.
    Code(Zeroizing<String>),
    /// What a passkey signed.
    Passkey(Box<Signed>),
}

/// What proving needs of the house, beside the transaction.
pub(crate) struct Judge<'a> {
    pub(crate) keys: &'a Secrets,
    /// The planted fault of the tests.
    pub(crate) forgetful: bool,
}

/// What somebody could show.
pub(crate) async fn held(rx: &mut Read, inst: &Installation, person: PersonId) -> Result<Held> {
    store::held(rx, inst, person).await
}

/// Looks at what was shown and uses it up. Called only when the password was right or there is a session, so a stranger can
/// not use up what an account has of tries. A refusal is an answer, not an error: the count of wrong codes is committed.
pub(crate) async fn prove(
    tx: &mut Tx,
    inst: &Installation,
    judge: &Judge<'_>,
    person: PersonId,
    shown: &Shown,
) -> Result<Verdict> {
    let method = match shown {
        Shown::Passkey(signed) => {
            let good = passkeys::ops::take(tx, inst, person, signed).await?;
            return Ok(if good {
                Verdict::Proven(Method::Passkey)
            } else {
                Verdict::Refused(Refusal::Wrong)
            });
        }
        Shown::Code(typed) if totp::is_code(typed) => {
            let now = tx.now();
            if let Some(wait) = store::wrong_codes(tx, inst, person).await?.wait(now) {
                return Ok(Verdict::Refused(Refusal::TooMany(wait)));
            }
            let used = if judge.forgetful {
                totp::ops::forgetful(tx, inst, judge.keys, person, typed).await?
            } else {
                totp::ops::take(tx, inst, judge.keys, person, typed).await?
            };
            match used {
                totp::ops::Used::Now => Some(Method::Totp),
                totp::ops::Used::Before => return Ok(Verdict::Refused(Refusal::Wrong)),
                totp::ops::Used::Never => None,
            }
        }
        Shown::Code(typed) => {
            recovery::ops::take(tx, inst, person, typed).await?.then_some(Method::RecoveryCode)
        }
    };
    if let Some(method) = method {
        store::forget_wrong_codes(tx, inst, person).await?;
        return Ok(Verdict::Proven(method));
    }
    let now = tx.now();
    let wrong = store::wrong_codes(tx, inst, person).await?.and(now);
    store::set_wrong_codes(tx, inst, person, wrong).await?;
    Ok(Verdict::Refused(Refusal::Wrong))
}

/// Uses a challenge up. `false` when that had happened: of many copies one is first.
pub(crate) async fn spend(tx: &mut Tx, inst: &Installation, challenge: &Challenge) -> Result<bool> {
    store::spend(tx, inst, &secrets::hash(&challenge.text), challenge.expires_at).await
}

/// Takes every second factor off somebody: they lost them, or they go. Tells whether there was any.
pub(crate) async fn reset(tx: &mut Tx, inst: &Installation, person: PersonId) -> Result<bool> {
    let had = held(tx, inst, person).await?.any();
    totp::store::remove(tx, inst, person).await?;
    passkeys::store::remove_all(tx, inst, person).await?;
    recovery::store::remove(tx, inst, person).await?;
    store::forget_wrong_codes(tx, inst, person).await?;
    if had {
        let subject = person.to_string();
        events::in_installation(tx, inst, events::SECOND_FACTORS_RESET, subject, json!({})).await?;
    }
    Ok(had)
}

/// The same by an operator, who is not the one to know of it alone.
pub(crate) async fn reset_for(tx: &mut Tx, inst: &Installation, person: PersonId) -> Result<bool> {
    let had = reset(tx, inst, person).await?;
    if had {
        letters::door(tx, inst, person, News::FactorsReset).await?;
    }
    Ok(had)
}

/// Recovery codes stand in for a factor; without one they open nothing. Nor does any session count as proven by one: else
/// whoever puts a factor on and takes it off again would be in for as long as his session where one is asked for.
pub(crate) async fn forget_what_is_left_over(
    tx: &mut Tx,
    inst: &Installation,
    person: PersonId,
) -> Result<()> {
    if !held(tx, inst, person).await?.any() {
        recovery::store::remove(tx, inst, person).await?;
        sessions::store::forget_second_factor(tx, inst, person).await?;
    }
    Ok(())
}

pub(crate) async fn tell_added(
    tx: &mut Tx,
    inst: &Installation,
    person: PersonId,
    method: Method,
) -> Result<()> {
    let payload = json!({"method": method.as_str()});
    events::in_installation(tx, inst, events::SECOND_FACTOR_ADDED, person.to_string(), payload).await?;
    letters::door(tx, inst, person, News::FactorAdded { method: method.as_str().to_owned() }).await
}

pub(crate) async fn tell_removed(
    tx: &mut Tx,
    inst: &Installation,
    person: PersonId,
    method: Method,
) -> Result<()> {
    let payload = json!({"method": method.as_str()});
    events::in_installation(tx, inst, events::SECOND_FACTOR_REMOVED, person.to_string(), payload).await?;
    letters::door(tx, inst, person, News::FactorRemoved { method: method.as_str().to_owned() }).await
}

impl Identity {
    /// What proving needs of this house.
    pub(crate) fn judge(&self, app: &web::App) -> Judge<'_> {
        Judge { keys: &self.secrets, forgetful: app.broken(web::Fault::ForgetCodes) }
    }
}
