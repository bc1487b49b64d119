//! The one door into a session, whatever somebody proves themselves with.
//!
//! [`open`] is called by everybody who knows whose request it is: the password form here, passkeys, a sign-in provider. It is
//! told how ([`Proof`]) and answers with what a pair of tokens or a cookie is made of, or with the refusal `second_factor_required`, which holds
//! a challenge: whoever has a second factor shows it, with the proof or afterwards through [`answer`]. A passkey is two
//! factors by itself and is asked for nothing more. The factor is used up in the transaction that makes the session, so of
//! many copies of a request one gets in.

use std::sync::Arc;

use db::Tx;
use serde_json::json;
use types::{Actor, Error, Installation, PersonId, Result, Time};
use web::{App, Fault};
use zeroize::Zeroizing;

use super::kind::SessionKind;
use super::model::{Origin, SessionId};
use super::ops::{Grant, stands};
use super::store::{self, NewSession};
use crate::factors::challenge::{self, Begun};
use crate::factors::passkeys::AssertionIn;
use crate::factors::{self, Challenge, Held, Method, Purpose, Refusal, Shown, Verdict, passkeys};
use crate::leaving::ops as leaving;
use crate::passwords::ops as passwords;
use crate::people::{self, PersonRow, Status};
use crate::settings::IdentitySettings;
use crate::workspaces::members;
use crate::{Identity, events, secrets};

/// Somebody at the door with a password.
pub(crate) struct SignIn {
    pub(crate) email_key: String,
    pub(crate) password: Zeroizing<String>,
    /// A code that came along.
    pub(crate) shown: Option<Shown>,
}

/// Where somebody comes from, and what they want to have afterwards: tokens, or the cookie of a browser.
pub(crate) struct Guest {
    pub(crate) origin: Origin,
    pub(crate) kind: SessionKind,
}

/// What is shown for a challenge.
pub(crate) enum Answer {
    Code(Zeroizing<String>),
    Passkey(Box<AssertionIn>),
}

/// What somebody has proven, or is about to, when a session is opened for them.
pub(crate) struct Proof {
    /// How they were found to be who they are.
    pub(crate) by: Method,
    /// The second factor, if it came along. A sign-in by passkey brings its signature here.
    pub(crate) shown: Option<Shown>,
    /// The challenge that is used up with it.
    pub(crate) challenge: Option<Challenge>,
}

impl Proof {
    /// A proof that is complete unless the person has a second factor.
    pub(crate) fn first(by: Method, shown: Option<Shown>) -> Self {
        Self { by, shown, challenge: None }
    }
}

/// Signs in with address and password. Everything that is not right gets one refusal, after the same work: an address that
/// nobody has costs a hash like every other, and only whoever knows the password learns of a second factor.
pub(crate) async fn sign_in(
    app: &App,
    identity: &Arc<Identity>,
    inst: &Installation,
    door: SignIn,
    guest: Guest,
) -> Result<Grant> {
    let SignIn { email_key, password, shown } = door;
    let known = app
        .db()
        .read((inst.clone(), email_key), |rx, (inst, key)| {
            Box::pin(people::store::credentials(rx, inst, key))
        })
        .await?;
    if known.is_none() && app.broken(Fault::QuickStranger) {
        return Err(invalid_credentials());
    }
    let (person, hash) = known.map_or((None, None), |(person, hash)| (Some(person), hash));
    let proof = identity.passwords.prove(app.tasks(), password, hash).await?;
    let person = person.filter(|_| proof.fits).ok_or_else(invalid_credentials)?;
    leaving::admit(app, inst, &person).await?;
    passwords::renew(app, inst, person.id, proof).await?;
    open(app, identity, inst, person, Proof::first(Method::Password, shown), guest).await
}

/// Goes on with a sign-in that was answered with a challenge.
pub(crate) async fn answer(
    app: &App,
    identity: &Arc<Identity>,
    inst: &Installation,
    text: &str,
    answer: Answer,
    guest: Guest,
) -> Result<Grant> {
    let challenge = challenge::read(&identity.secrets, Purpose::SecondFactor, text, app.clock().now());
    let challenge = challenge.ok_or_else(invalid_challenge)?;
    let shown = match answer {
        Answer::Code(typed) => Shown::Code(typed),
        Answer::Passkey(assertion) => {
            Shown::Passkey(Box::new(passkeys::ops::verify(app, inst, text, *assertion).await?))
        }
    };
    let person = PersonId::from_bytes(challenge.subject);
    let read =
        app.db().read((inst.clone(), person), |rx, (inst, id)| Box::pin(people::store::get(rx, inst, *id)));
    let begun = challenge.begun.ok_or_else(invalid_challenge)?;
    let stands = |person: &PersonRow| person.status == Status::Active && person.proof == begun.proof;
    let person = read.await?.filter(stands).ok_or_else(invalid_challenge)?;
    let proof = Proof { by: begun.by, shown: Some(shown), challenge: Some(challenge) };
    open(app, identity, inst, person, proof, guest).await
}

/// A session for somebody who is who they say they are; see the head of this file.
pub(crate) async fn open(
    app: &App,
    identity: &Arc<Identity>,
    inst: &Installation,
    person: PersonRow,
    proof: Proof,
    guest: Guest,
) -> Result<Grant> {
    let now = app.clock().now();
    let (session, salt) = (SessionId::at(now), secrets::random::<16>().to_vec());
    let (id, begun) = (person.id, Begun { by: proof.by, proof: person.proof });
    let opening = Opening {
        identity: Arc::clone(identity),
        app: app.clone(),
        proof,
        refresh_hash: secrets::hash(&guest.kind.secret(&identity.secrets, session, &salt, 1)),
        grant: Grant {
            session,
            person: id,
            generation: 1,
            salt,
            expires_at: now.plus(app.settings().get::<IdentitySettings>().session_life),
        },
        guest,
        now,
        known: person.proof,
    };
    // Nobody had signed in when the request came; what it does is done by the person it turned out to be.
    let actor = Actor::person(id, &person.email);
    let inst = Installation::of_request(actor, inst.trace().clone());
    let write =
        app.db().write((inst.clone(), opening), |tx, (inst, opening)| Box::pin(opening.run(tx, inst)));
    match write.await? {
        Admission::Open(grant) => Ok(grant),
        Admission::Gone => Err(invalid_credentials()),
        Admission::Spent => Err(invalid_challenge()),
        Admission::Wanted(held) => Err(required(app, identity, &inst, id, begun, held).await?),
        Admission::Refused(_) if begun.by == Method::Passkey => Err(passkeys::ops::invalid()),
        Admission::Refused(why) => Err(why.error()),
    }
}

/// What became of a request for a session, once it is committed.
enum Admission {
    Open(Grant),
    /// The person was suspended, or got another password, in between.
    Gone,
    /// A second factor is missing.
    Wanted(Held),
    Refused(Refusal),
    /// The challenge was answered before.
    Spent,
}

/// What the unit of a sign-in needs.
struct Opening {
    identity: Arc<Identity>,
    app: App,
    proof: Proof,
    grant: Grant,
    refresh_hash: [u8; 32],
    guest: Guest,
    now: Time,
    /// The proof of the person when they proved who they are.
    known: i64,
}

impl Opening {
    /// Whether the challenge was answered before.
    async fn is_spent(&self, tx: &mut Tx, inst: &Installation) -> Result<bool> {
        match &self.proof.challenge {
            Some(challenge) => Ok(!factors::spend(tx, inst, challenge).await?),
            None => Ok(false),
        }
    }

    async fn run(&self, tx: &mut Tx, inst: &Installation) -> Result<Admission> {
        let Proof { by, shown, .. } = &self.proof;
        let person = self.grant.person;
        if !stands(tx, inst, person, self.known).await? {
            return Ok(Admission::Gone);
        }
        // A passkey counts what it signs: the copy of an answer must not look like the copy of a key.
        let by_passkey = matches!(shown, Some(Shown::Passkey(_)));
        if by_passkey && self.is_spent(tx, inst).await? {
            return Ok(Admission::Spent);
        }
        let held = factors::ops::held(tx, inst, person).await?;
        let second = match shown {
            Some(shown) if held.any() => {
                match factors::prove(tx, inst, &self.identity.judge(&self.app), person, shown).await? {
                    Verdict::Proven(method) => Some(method),
                    Verdict::Refused(why) => return Ok(Admission::Refused(why)),
                }
            }
            // A passkey that was taken off its person meanwhile.
            Some(_) if *by == Method::Passkey => return Ok(Admission::Refused(Refusal::Wrong)),
            None if held.any() => return Ok(Admission::Wanted(held)),
            _ => None,
        };
        if !by_passkey && self.is_spent(tx, inst).await? {
            return Ok(Admission::Spent);
        }
        self.begin(tx, inst, second).await?;
        Ok(Admission::Open(self.grant.clone()))
    }

    async fn begin(&self, tx: &mut Tx, inst: &Installation, second: Option<Method>) -> Result<()> {
        let Self { grant, refresh_hash, guest: Guest { origin, kind }, now, proof, .. } = self;
        let methods = methods(Some(proof.by), second);
        let new = NewSession {
            id: grant.session,
            person: grant.person,
            origin,
            salt: &grant.salt,
            refresh_hash,
            now: *now,
            expires_at: grant.expires_at,
            methods: &methods,
            second_factor_at: second.map(|_| *now),
            kind: *kind,
        };
        store::insert(tx, inst, new).await?;
        let payload = json!({"person_id": grant.person, "device": origin.device(), "methods": methods});
        let subject = grant.session.to_string();
        events::in_installation(tx, inst, events::SESSION_CREATED, subject, payload).await?;
        members::ops_sign_ins::signed_in(tx, inst, grant.person).await
    }
}

/// The words of a proof, each once.
pub(super) fn methods(first: Option<Method>, second: Option<Method>) -> String {
    let second = second.filter(|second| first != Some(*second));
    let words: Vec<_> = first.into_iter().chain(second).map(Method::as_str).collect();
    words.join(" ")
}

/// The refusal that asks for a second factor, with all that a client needs to show one.
async fn required(
    app: &App,
    identity: &Identity,
    inst: &Installation,
    person: PersonId,
    begun: Begun,
    held: Held,
) -> Result<Error> {
    let now = app.clock().now();
    let text =
        challenge::make(&identity.secrets, Purpose::SecondFactor, *person.as_bytes(), Some(begun), now);
    let message = "That was right. Now show your second factor.";
    let error = Error::unauthenticated("second_factor_required", message)
        .with("methods", held.methods())
        .with("challenge", text.as_str())
        .with("expires_in", challenge::LIFE.as_secs());
    let Some(site) = passkeys::ops::site(app).ok().filter(|_| held.passkeys > 0) else { return Ok(error) };
    let read =
        app.db().read((inst.clone(), person), |rx, (inst, id)| Box::pin(passkeys::store::all(rx, inst, *id)));
    let options = passkeys::ops::options(&site, text, &read.await?);
    Ok(error.with("passkey", serde_json::to_value(options).map_err(Error::internal)?))
}

/// One refusal for every reason.
pub(crate) fn invalid_credentials() -> Error {
    Error::unauthenticated("invalid_credentials", "The address or the password is not right.")
}

/// For a challenge that is not ours, too old, for something else or used.
pub(crate) fn invalid_challenge() -> Error {
    Error::unauthenticated("challenge_invalid", "The challenge is too old, or it was used. Begin again.")
}
