//! Proving oneself again in a session that is open: what dangerous acts ask for.

use std::sync::Arc;

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result};
use web::{App, Cookie};
use zeroize::Zeroizing;

use super::model::SessionId;
use super::ops_door::{invalid_challenge, invalid_credentials, methods};
use super::{cookies, store};
use crate::factors::{self, Challenge, Held, Method, Refusal, Shown, Verdict};
use crate::{Identity, events, people};

/// Somebody who proves themselves again.
pub(crate) struct StepUp {
    pub(crate) person: PersonId,
    pub(crate) session: SessionId,
    pub(crate) password: Option<Zeroizing<String>>,
    pub(crate) shown: Option<Shown>,
    /// What a passkey signed.
    pub(crate) challenge: Option<Challenge>,
    /// The cookie that the request is signed by: what may more afterwards gets another one.
    pub(crate) cookie: Option<Cookie>,
}

/// Password and second factor, as at the door; a passkey suffices. Whoever has no password shows a second factor alone.
pub(crate) async fn step_up(
    app: &App,
    identity: &Arc<Identity>,
    inst: &Installation,
    wish: StepUp,
) -> Result<()> {
    let by_passkey = matches!(wish.shown, Some(Shown::Passkey(_)));
    let read = app.db().read((inst.clone(), wish.person), |rx, (inst, person)| {
        Box::pin(async move {
            let hash = people::store::password_hash(rx, inst, *person).await?;
            Ok((hash, factors::ops::held(rx, inst, *person).await?))
        })
    });
    let (hash, held) = read.await?;
    let first = match (wish.password.clone(), hash) {
        _ if by_passkey => None,
        (Some(password), Some(hash)) => {
            if !identity.passwords.verify(app.tasks(), password, Some(hash)).await? {
                return Err(invalid_credentials());
            }
            Some(Method::Password)
        }
        (_, Some(_)) => return Err(password_needed()),
        (_, None) => None,
    };
    if wish.shown.is_none() && held.any() {
        return Err(factor_needed(held));
    }
    if first.is_none() && !held.any() {
        let message = "There is nothing here that you could prove yourself with. Sign in again.";
        return Err(Error::forbidden("sign_in_again", message));
    }
    let again = Again { identity: Arc::clone(identity), app: app.clone(), wish, first };
    let session = again.wish.session;
    let verdict =
        app.db().write((inst.clone(), again), |tx, (inst, again)| Box::pin(again.run(tx, inst))).await;
    identity.callers.forget_session(session);
    match verdict? {
        Outcome::Proven => Ok(()),
        Outcome::Spent => Err(invalid_challenge()),
        Outcome::Refused(_) if by_passkey => Err(factors::passkeys::ops::invalid()),
        Outcome::Refused(why) => Err(why.error()),
    }
}

enum Outcome {
    Proven,
    Refused(Refusal),
    Spent,
}

struct Again {
    identity: Arc<Identity>,
    app: App,
    wish: StepUp,
    first: Option<Method>,
}

impl Again {
    /// Whether the challenge was answered before.
    async fn is_spent(&self, tx: &mut Tx, inst: &Installation) -> Result<bool> {
        match &self.wish.challenge {
            Some(challenge) => Ok(!factors::spend(tx, inst, challenge).await?),
            None => Ok(false),
        }
    }

    async fn run(&self, tx: &mut Tx, inst: &Installation) -> Result<Outcome> {
        let StepUp { person, session, shown, .. } = &self.wish;
        let by_passkey = matches!(shown, Some(Shown::Passkey(_)));
        if by_passkey && self.is_spent(tx, inst).await? {
            return Ok(Outcome::Spent);
        }
        let held = factors::ops::held(tx, inst, *person).await?;
        let second = match shown {
            Some(shown) if held.any() => {
                match factors::prove(tx, inst, &self.identity.judge(&self.app), *person, shown).await? {
                    Verdict::Proven(method) => Some(method),
                    Verdict::Refused(why) => return Ok(Outcome::Refused(why)),
                }
            }
            // What there was to show was taken off meanwhile, or put on.
            _ if held.any() || self.first.is_none() => return Ok(Outcome::Refused(Refusal::Wrong)),
            _ => None,
        };
        if !by_passkey && self.is_spent(tx, inst).await? {
            return Ok(Outcome::Spent);
        }
        if let Some(cookie) = &self.wish.cookie {
            cookies::renew(tx, inst, &self.identity.secrets, cookie).await?;
        }
        let (now, methods) = (tx.now(), methods(self.first, second));
        store::proven(tx, inst, *session, &methods, second.is_some(), now).await?;
        let payload = json!({"person_id": person, "methods": methods});
        events::in_installation(tx, inst, events::SESSION_PROVEN, session.to_string(), payload).await?;
        Ok(Outcome::Proven)
    }
}

fn password_needed() -> Error {
    let error = Error::invalid("invalid", "Some fields are not valid.");
    error.at_field("/password", "required", "is needed, unless a passkey is shown")
}

fn factor_needed(held: Held) -> Error {
    let message = "The password is not enough. Show your second factor with it.";
    Error::unauthenticated("second_factor_required", message).with("methods", held.methods())
}
