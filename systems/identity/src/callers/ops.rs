//! A workspace that the address names instead of the header: whether the caller belongs there, and what he may.

use std::sync::Arc;

use db::Read;
use types::{Error, Installation, Permission, PersonId, Result, Rights, Scope, WorkspaceId};
use web::Caller;

use crate::Identity;
use crate::workspaces::{self, members};

/// Who wants to do what in which workspace; made by a handler, settled inside its transaction.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) identity: Arc<Identity>,
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
    pub(crate) permission: Permission,
}

/// The scope to act in, and the rights held there. A workspace the caller does not belong to is not there: 404.
pub(crate) async fn enter(rx: &mut Read, inst: &Installation, place: &Place) -> Result<(Scope, Rights)> {
    let Place { identity, caller, workspace, permission } = place;
    let scope = Scope::of_request(*workspace, caller.actor.clone(), inst.trace().clone());
    let rights = match person_of(caller) {
        Some(person) => {
            let member = members::store::get(rx, &scope, person).await?.ok_or_else(Error::not_found)?;
            if !caller.second_factor && workspaces::store::requires_second_factor(rx, &scope).await? {
                return Err(web::second_factor_needed());
            }
            identity.roles.rights(member.role).clone()
        }
        // A key was already held against the workspace of its request; it reaches no other.
        None if caller.workspace == Some(*workspace) => caller.rights.clone(),
        None => return Err(Error::not_found()),
    };
    if rights.hold(*permission) {
        return Ok((scope, rights));
    }
    let message = format!("This needs the permission {}.", permission.as_str());
    Err(Error::forbidden("permission_needed", message).with("permission", permission.as_str()))
}

/// What identity itself reads from, before it is known who asks.
pub(crate) fn ground() -> Installation {
    Installation::system("finding out who asks")
}

/// The person who signed in; `None` for a key.
pub(crate) fn person_of(caller: &Caller) -> Option<PersonId> {
    caller.session.as_ref()?;
    caller.principal.parse().ok()
}
