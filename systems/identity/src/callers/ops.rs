//! A workspace that the address names instead of the header: whether the caller belongs there, and what he may.

use std::sync::Arc;
use std::time::Duration;

use db::Read;
use types::{Error, Installation, Permission, PersonId, Problems, Result, Rights, Scope, Time, WorkspaceId};
use web::{App, Caller, Check, Closed, Fault};

use crate::Identity;
use crate::permissions::{API_KEYS_MANAGE, MEMBERS_MANAGE, ROLES_MANAGE, WORKSPACE_MANAGE};
use crate::workspaces::limits::Allowed;
use crate::workspaces::roles::Post;
use crate::workspaces::{self, life, members};

/// Who wants to do what in which workspace; made by a handler, settled inside its transaction.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) identity: Arc<Identity>,
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
    pub(crate) permission: Permission,
    /// In which closed states of the workspace this goes on all the same.
    pub(crate) even: &'static [Closed],
    /// Whether something changes, though the permission is one to read.
    pub(crate) changes: bool,
    /// What the settings allow a workspace that has no limits of its own.
    pub(crate) allowed: Allowed,
    /// How old a proof may be for dangerous acts.
    pub(crate) proof_age: Duration,
}

/// Whoever holds one of these can take others in, or make what outlives him.
const MIGHTY: [Permission; 4] = [MEMBERS_MANAGE, ROLES_MANAGE, API_KEYS_MANAGE, WORKSPACE_MANAGE];

/// How old a proof may be for dangerous acts.
pub(crate) fn proof_age(app: &App) -> Duration {
    if app.broken(Fault::StaleProof) { Duration::MAX } else { app.authenticate().step_up_age(app) }
}

impl Place {
    #[must_use]
    pub(crate) fn even(self, even: &'static [Closed]) -> Self {
        Self { even, ..self }
    }

    #[must_use]
    pub(crate) fn changing(self) -> Self {
        Self { changes: true, ..self }
    }

    pub(crate) fn wishing<B>(self, body: B) -> Wish<B> {
        Wish { place: self, body }
    }

    /// Refuses to give a role by which its holder could take others in, until whoever gives it has proven lately who they
    /// are: a session that was stolen must not stay by the hand of an accomplice. A key has nobody to ask.
    pub(crate) fn vouch(&self, post: &Post, now: Time) -> Result<()> {
        let rights = self.identity.roles.rights_of(post);
        if self.caller.proven_at.is_none() || !MIGHTY.iter().any(|one| rights.hold(*one)) {
            return Ok(());
        }
        self.caller.proven_within(self.proof_age, now)
    }

    fn admit(&self, closed: Option<Closed>) -> Result<()> {
        let reads = !self.changes && self.permission.as_str().ends_with(":read");
        match closed {
            Some(closed) if self.even.contains(&closed) || (reads && closed.may_be_read()) => Ok(()),
            Some(closed) => Err(closed.refusal()),
            None => Ok(()),
        }
    }
}

/// A body together with where it shall count. It is looked at once the place was entered: a stranger learns nothing from
/// what is wrong with it.
pub(crate) struct Wish<B> {
    pub(crate) place: Place,
    pub(crate) body: B,
}

impl<B: Check> Wish<B> {
    pub(crate) async fn enter(&self, rx: &mut Read, inst: &Installation) -> Result<(Scope, Rights)> {
        let found = enter(rx, inst, &self.place).await?;
        self.body.validate()?;
        Ok(found)
    }
}

impl<B> Check for Wish<B> {
    fn check(&self, _: &mut Problems) {}
}

/// The scope to act in, and the rights held there. A workspace the caller does not belong to is not there: 404.
pub(crate) async fn enter(rx: &mut Read, inst: &Installation, place: &Place) -> Result<(Scope, Rights)> {
    let Place { identity, caller, workspace, permission, .. } = place;
    let scope = Scope::of_request(*workspace, caller.actor.clone(), inst.trace().clone());
    let rights = match person_of(caller) {
        Some(person) => {
            let member = members::store::get(rx, &scope, person).await?.ok_or_else(Error::not_found)?;
            if !caller.second_factor && workspaces::store::requires_second_factor(rx, &scope).await? {
                return Err(web::second_factor_needed());
            }
            identity.roles.rights_of(&member.post)
        }
        // A key was already held against the workspace of its request; it reaches no other.
        None if caller.workspace == Some(*workspace) => caller.rights.clone(),
        None => return Err(Error::not_found()),
    };
    let closed = life::store::get(rx, &scope).await?.and_then(|life| life.closed(rx.now()));
    place.admit(closed)?;
    if rights.hold(*permission) {
        return Ok((scope, rights));
    }
    Err(lacking(*permission))
}

/// The same for what any member may do about themselves, whatever their role allows.
pub(crate) async fn enter_as_member(
    rx: &mut Read,
    inst: &Installation,
    place: &Place,
) -> Result<(Scope, PersonId)> {
    let scope = match enter(rx, inst, place).await {
        Err(error) if error.code() == "permission_needed" => workspaces::ops::at(inst, place.workspace),
        found => found?.0,
    };
    Ok((scope, need_person(&place.caller)?))
}

pub(crate) fn lacking(permission: Permission) -> Error {
    let message = format!("This needs the permission {}.", permission.as_str());
    Error::forbidden("permission_needed", message).with("permission", permission.as_str())
}

/// What identity itself reads from, before it is known who asks.
pub(crate) fn ground() -> Installation {
    Installation::system("finding out who asks")
}

/// The person who signed in. What belongs to a person cannot be done by a key.
pub(crate) fn need_person(caller: &Caller) -> Result<PersonId> {
    person_of(caller).ok_or_else(|| {
        Error::forbidden("person_needed", "An API key cannot do this. Sign in with an access token.")
    })
}

/// The person who signed in; `None` for a key.
pub(crate) fn person_of(caller: &Caller) -> Option<PersonId> {
    caller.session.as_ref()?;
    caller.principal.parse().ok()
}
