//! Whose account it is: found, linked, or made.

use db::{Read, Tx};
use serde_json::json;
use types::{Actor, Error, Installation, PersonId, Result, Scope};
use web::{App, Fault};
use zeroize::Zeroizing;

use super::model::{IdentityId, IdentityRow, TICKET_LIFE, Ticket};
use super::store;
use crate::leaving::ops as leaving;
use crate::letters::{self, News};
use crate::people::{self, Email, PersonRow, Status};
use crate::sessions::siege::Siege;
use crate::sso::exchange::Profile;
use crate::sso::providers::{self, Provider, Provisioning};
use crate::sso::settings::SsoSettings;
use crate::workspaces::limits::Allowed;
use crate::workspaces::members;
use crate::{Identity, callers, events, factors, secrets};

/// Somebody who came from a provider, which proved them.
pub(crate) struct Arrival {
    pub(crate) provider: Provider,
    pub(crate) profile: Profile,
    /// Where they are to end up once they are in.
    pub(crate) return_to: Option<String>,
    /// Link whoever brings an address, as others did (a planted fault).
    silently: bool,
    /// What the settings allow a workspace that has no limits of its own.
    allowed: Allowed,
}

impl Arrival {
    pub(crate) fn new(app: &App, provider: Provider, profile: Profile, return_to: Option<String>) -> Self {
        let (silently, allowed) = (app.broken(Fault::SilentLink), Allowed::by(app.settings()));
        Self { provider, profile, return_to, silently, allowed }
    }

    /// The address, as far as the provider vouches for it and people of its domain may come.
    fn address(&self) -> Result<&Email> {
        let email = self.profile.email.as_ref().ok_or_else(|| {
            let message = "The provider does not say that it verified your address.";
            Error::forbidden("email_not_verified", message)
        })?;
        if self.provider.takes(&email.key) {
            return Ok(email);
        }
        Err(Error::forbidden(
            "domain_not_allowed",
            "People with an address like yours can not come from there.",
        ))
    }

    fn identity(&self, person: PersonId, tx: &Tx) -> IdentityRow {
        let now = tx.now();
        IdentityRow {
            id: IdentityId::at(now),
            person,
            provider: self.provider.name.clone(),
            issuer: self.profile.issuer.clone(),
            subject: self.profile.subject.clone(),
            email: self.profile.email.as_ref().map(|email| email.typed.clone()),
            created_at: now,
            last_used_at: now,
        }
    }
}

/// What became of an arrival, once it is committed.
enum Outcome {
    Known(PersonRow),
    /// The account has a password. This ticket links it, together with that password.
    Locked(String),
}

/// The account of whoever arrived. `link_required` with a ticket, when only a password can say that it is theirs.
pub(crate) async fn arrive(app: &App, inst: &Installation, arrival: Arrival) -> Result<PersonRow> {
    // A provider that is for some domains only is so for people who were here before, too.
    if !arrival.provider.domains.is_empty() {
        arrival.address()?;
    }
    let write = app.db().write((inst.clone(), arrival), |tx, (inst, arrival)| {
        Box::pin(async move { settle(tx, inst, arrival).await })
    });
    match write.await? {
        // Who is leaving is shown the way back; the link that was just made stays.
        Outcome::Known(person) => leaving::admit(app, inst, &person).await.map(|()| person),
        Outcome::Locked(ticket) => {
            let message =
                "An account with your address has a password. Give it once, and the two are linked.";
            let error = Error::unauthenticated("link_required", message);
            Err(error.with("ticket", ticket).with("expires_in", TICKET_LIFE.as_secs()))
        }
    }
}

async fn settle(tx: &mut Tx, inst: &Installation, arrival: &Arrival) -> Result<Outcome> {
    let Profile { issuer, subject, email, .. } = &arrival.profile;
    if let Some(linked) = store::by_subject(tx, inst, issuer, subject).await? {
        let person = people::store::get(tx, inst, linked.person).await?;
        let person = person.filter(may_come).ok_or_else(not_allowed)?;
        let now = tx.now();
        store::used(tx, inst, linked.id, email.as_ref().map(|email| email.typed.as_str()), now).await?;
        return Ok(Outcome::Known(person));
    }
    let email = arrival.address()?;
    let Some((person, hash)) = people::store::credentials(tx, inst, &email.key).await? else {
        return make(tx, inst, arrival, email).await.map(Outcome::Known);
    };
    if !may_come(&person) {
        return Err(not_allowed());
    }
    if hash.is_some() && !arrival.silently {
        return ticket(tx, inst, arrival, &person, email).await.map(Outcome::Locked);
    }
    // Addresses change hands where they come from. Whoever has one there now is not who had it when it was linked.
    if store::is_linked_at(tx, inst, person.id, issuer).await? {
        return Err(conflict());
    }
    link(tx, inst, &person, arrival.identity(person.id, tx)).await?;
    letters::door(tx, inst, person.id, News::Linked { provider: arrival.provider.name.clone() }).await?;
    Ok(Outcome::Known(person))
}

/// Somebody who never was here.
async fn make(tx: &mut Tx, inst: &Installation, arrival: &Arrival, email: &Email) -> Result<PersonRow> {
    let provider = &arrival.provider;
    if provider.provisioning == Provisioning::Off {
        let message = "Nobody with your address has an account here, and signing in does not make one.";
        return Err(Error::forbidden("auto_provision_disabled", message));
    }
    let name = arrival.profile.name.as_deref().unwrap_or_else(|| email.local_part());
    let id = people::ops::create_named(tx, inst, email, name, None).await?;
    if let Some(wanted) = &provider.workspace {
        let workspace = callers::workspace_named(tx, inst, wanted).await?.ok_or_else(|| {
            let message = "The provider leads new people into a workspace that is not there.";
            Error::upstream("provider_misconfigured", message)
        })?;
        let now = tx.now();
        if let Some(closed) = workspace.life.closed(now) {
            return Err(closed.refusal());
        }
        let scope = Scope::of_request(workspace.id, inst.actor().clone(), inst.trace().clone());
        members::ops::join(tx, &scope, &arrival.allowed, id, provider.role).await?;
    }
    let person = people::store::get(tx, inst, id).await?.ok_or_else(Error::not_found)?;
    link(tx, inst, &person, arrival.identity(id, tx)).await?;
    Ok(person)
}

async fn ticket(
    tx: &mut Tx,
    inst: &Installation,
    arrival: &Arrival,
    person: &PersonRow,
    email: &Email,
) -> Result<String> {
    let text = secrets::random_text::<32>();
    let ticket = Ticket {
        person: person.id,
        provider: arrival.provider.name.clone(),
        issuer: arrival.profile.issuer.clone(),
        subject: arrival.profile.subject.clone(),
        email: email.clone(),
        return_to: arrival.return_to.clone(),
    };
    let now = tx.now();
    store::insert_ticket(tx, inst, &secrets::hash(&text), &ticket, now, now.plus(TICKET_LIFE)).await?;
    Ok(text)
}

/// Links, and tells. It is done by the person it turned out to be.
async fn link(tx: &mut Tx, inst: &Installation, person: &PersonRow, new: IdentityRow) -> Result<()> {
    if !store::insert(tx, inst, &new).await? {
        return Err(conflict());
    }
    let actor = Actor::person(person.id, &person.email);
    let inst = Installation::of_request(actor, inst.trace().clone());
    let payload = json!({"identity_id": new.id, "provider": new.provider, "issuer": new.issuer});
    events::in_installation(tx, &inst, events::SSO_LINKED, person.id.to_string(), payload).await
}

/// A ticket, and the password that makes it count.
pub(crate) struct Link {
    pub(crate) ticket: String,
    pub(crate) password: Zeroizing<String>,
}

/// Links the account that the ticket is about, if the password is its own. Any number may try at once: one links.
pub(crate) async fn link_by_password(
    app: &App,
    identity: &Identity,
    inst: &Installation,
    door: Link,
) -> Result<(PersonRow, Ticket)> {
    let hash = secrets::hash(&door.ticket).to_vec();
    let tried = app.db().write((inst.clone(), hash.clone()), |tx, (inst, hash)| {
        Box::pin(async move {
            let now = tx.now();
            let Some(ticket) = store::try_ticket(tx, inst, hash, now).await? else { return Ok(None) };
            // By the person and not by the address, which may have become another's since.
            let password = people::store::password(tx, inst, ticket.person).await?;
            Ok(Some((ticket, password)))
        })
    });
    let (ticket, password) = tried.await?.ok_or_else(bad_ticket)?;
    let provider = providers::named(app, inst, &ticket.provider).await.ok();
    if provider.is_none_or(|provider| provider.issuer != ticket.issuer) {
        return Err(bad_ticket());
    }
    let siege = Siege::of(&ticket.email.key);
    siege.pace(app).await;
    if !identity.passwords.verify(app.tasks(), door.password, password).await? {
        siege.failed(app).await;
        return Err(Error::unauthenticated(
            "invalid_credentials",
            "The address or the password is not right.",
        ));
    }
    let linked = app.db().write((inst.clone(), hash, ticket.clone()), |tx, (inst, hash, ticket)| {
        Box::pin(async move {
            if !store::take_ticket(tx, inst, hash).await? {
                return Err(bad_ticket());
            }
            let person = people::store::get(tx, inst, ticket.person).await?;
            let person = person.filter(may_come).ok_or_else(not_allowed)?;
            let now = tx.now();
            let new = IdentityRow {
                id: IdentityId::at(now),
                person: person.id,
                provider: ticket.provider.clone(),
                issuer: ticket.issuer.clone(),
                subject: ticket.subject.clone(),
                email: Some(ticket.email.typed.clone()),
                created_at: now,
                last_used_at: now,
            };
            link(tx, inst, &person, new).await?;
            letters::door(tx, inst, person.id, News::Linked { provider: ticket.provider.clone() }).await?;
            Ok(person)
        })
    });
    let person = linked.await?;
    leaving::admit(app, inst, &person).await?;
    Ok((person, ticket))
}

/// Takes an identity off an account, unless nobody could sign in to it any more.
pub(crate) async fn unlink(
    tx: &mut Tx,
    inst: &Installation,
    file: &SsoSettings,
    person: PersonId,
    id: IdentityId,
) -> Result<()> {
    let identity = store::of_person(tx, inst, person, id).await?.ok_or_else(Error::not_found)?;
    let by_passkey = factors::ops::held(tx, inst, person).await?.passkeys > 0;
    if !by_passkey && !has_another_way_in(tx, inst, file, person, Some(id)).await? {
        return Err(last_way_in());
    }
    store::delete(tx, inst, id).await?;
    let payload = json!({"identity_id": id, "provider": identity.provider, "issuer": identity.issuer});
    events::in_installation(tx, inst, events::SSO_UNLINKED, person.to_string(), payload).await?;
    letters::door(tx, inst, person, News::Unlinked { provider: identity.provider }).await
}

/// Whether somebody could sign in without a passkey, and without the identity `but`: by a password, or at a provider that is
/// switched on.
pub(crate) async fn has_another_way_in(
    rx: &mut Read,
    inst: &Installation,
    file: &SsoSettings,
    person: PersonId,
    but: Option<IdentityId>,
) -> Result<bool> {
    if people::store::password(rx, inst, person).await?.is_some() {
        return Ok(true);
    }
    // No identity has an id of zeros.
    let but = but.unwrap_or(IdentityId::from_bytes([0; 16]));
    let others = store::other_issuers(rx, inst, person, but).await?;
    let known = providers::all(rx, inst, file).await?;
    let works = |issuer: &String| known.iter().any(|one| one.enabled && one.issuer == *issuer);
    Ok(others.iter().any(works))
}

pub(crate) fn last_way_in() -> Error {
    Error::conflict("last_way_in", "It is the last way to sign in to this account. Set a password first.")
}

/// Whoever is leaving may come back.
fn may_come(person: &PersonRow) -> bool {
    matches!(person.status, Status::Active | Status::Leaving)
}

fn not_allowed() -> Error {
    Error::forbidden("user_not_allowed", "This account may not sign in.")
}

fn conflict() -> Error {
    let message = "The account with your address belongs to somebody else at the provider, or you are linked to another one.";
    Error::conflict("identity_conflict", message)
}

fn bad_ticket() -> Error {
    let message = "This ticket was used, is too old, or was tried too often. Sign in at the provider again.";
    Error::unauthenticated("link_ticket_invalid", message)
}
