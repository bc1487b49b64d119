//! Making, changing and ending roles: nobody grants what they lack.

use db::{Read, Tx};
use serde_json::json;
use types::{Error, Result, Rights, Scope};

use super::model::{Post, Role, RoleId, RoleRow, Roles};
use super::store::{self, Written};
use crate::events;
use crate::workspaces::limits::{self, Allowed, Name};

/// The post of this role in the workspace. A role of another one is not known here.
pub(crate) async fn post(rx: &mut Read, scope: &Scope, role: Role) -> Result<Post> {
    let Role::Custom(id) = role else { return Ok(Post::built_in(role)) };
    let row = store::get(rx, scope, id).await?;
    row.map(|row| row.post()).ok_or_else(unknown)
}

/// The same for what a body says.
pub(crate) async fn named(rx: &mut Read, scope: &Scope, text: &str) -> Result<Post> {
    post(rx, scope, Role::parse(text).ok_or_else(unknown)?).await
}

fn unknown() -> Error {
    let message = "must be owner, admin, member, viewer or the id of a role of this workspace";
    Error::invalid("invalid", "Some fields are not valid.").at_field("/role", "unknown", message)
}

/// Who changes roles, and with what right.
pub(crate) struct Granter<'a> {
    pub(crate) roles: &'a Roles,
    pub(crate) held: &'a Rights,
}

impl Granter<'_> {
    /// The permissions without doubles, if every one of them is known and the granter has it.
    fn permissions(&self, wanted: &[String]) -> Result<Vec<String>> {
        let mut given: Vec<String> = Vec::new();
        for (at, name) in wanted.iter().enumerate() {
            let found = self.roles.find(name).filter(|(_, realm)| *realm != web::Realm::Installation);
            let Some((permission, _)) = found else {
                let error = Error::invalid("invalid", "Some fields are not valid.");
                let message = "no such permission, or not one of a workspace";
                return Err(error.at_field(format!("/permissions/{at}"), "unknown", message));
            };
            if !self.held.hold(permission) {
                let message = "Nobody can put into a role what they may not do themselves.";
                return Err(Error::forbidden("cannot_grant", message).with("permission", name.as_str()));
            }
            if !given.contains(name) {
                given.push(name.clone());
            }
        }
        // What follows from a permission is granted with it.
        let all = Rights::of(given.iter().map(String::as_str));
        if self.held.cover(&self.roles.limited(&given, &all, false)) {
            return Ok(given);
        }
        Err(Error::forbidden("cannot_grant", "Nobody can put into a role what they may not do themselves."))
    }
}

pub(crate) async fn create(
    tx: &mut Tx,
    scope: &Scope,
    granter: &Granter<'_>,
    allowed: &Allowed,
    name: &str,
    permissions: &[String],
) -> Result<RoleRow> {
    let permissions = granter.permissions(permissions)?;
    limits::ops::admit(tx, scope, allowed, Name::Roles).await?;
    let now = tx.now();
    let new = Written { id: RoleId::at(now), name: name.trim(), permissions: &permissions };
    if !store::insert(tx, scope, &new, now).await? {
        return Err(name_taken());
    }
    tell(tx, scope, events::ROLE_CREATED, &new).await?;
    store::get(tx, scope, new.id).await?.ok_or_else(|| Error::internal("a role vanished while it was made"))
}

/// Also who has the role already is given what is new in it, so that has to be covered too.
pub(crate) async fn update(
    tx: &mut Tx,
    scope: &Scope,
    granter: &Granter<'_>,
    now: RoleRow,
    name: Option<&str>,
    permissions: Option<&Vec<String>>,
) -> Result<RoleRow> {
    // Whoever lacks what the role may do must not take it from others either.
    granter.roles.admit(&now.post(), granter.held)?;
    let permissions = match permissions {
        Some(wanted) => granter.permissions(wanted)?,
        None => now.permissions.clone(),
    };
    let new = Written { id: now.id, name: name.unwrap_or(&now.name).trim(), permissions: &permissions };
    if new.name == now.name && permissions == now.permissions {
        return Ok(now);
    }
    let at = tx.now();
    if !store::update(tx, scope, &new, at).await? {
        return Err(name_taken());
    }
    tell(tx, scope, events::ROLE_UPDATED, &new).await?;
    store::get(tx, scope, new.id).await?.ok_or_else(Error::not_found)
}

pub(crate) async fn delete(tx: &mut Tx, scope: &Scope, granter: &Granter<'_>, now: &RoleRow) -> Result<()> {
    granter.roles.admit(&now.post(), granter.held)?;
    if store::in_use(tx, scope, now.id).await? {
        let message = "Somebody has this role, was invited to it, or would get it by default.";
        return Err(Error::conflict("role_in_use", message).with("members", now.members));
    }
    store::delete(tx, scope, now.id).await?;
    events::in_workspace(tx, scope, events::ROLE_DELETED, now.id.to_string(), json!({"name": now.name})).await
}

async fn tell(tx: &mut Tx, scope: &Scope, kind: &'static str, new: &Written<'_>) -> Result<()> {
    let payload = json!({"name": new.name, "permissions": new.permissions});
    events::in_workspace(tx, scope, kind, new.id.to_string(), payload).await
}

fn name_taken() -> Error {
    Error::conflict("already_exists", "The workspace has a role of this name.")
}
