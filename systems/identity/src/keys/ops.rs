//! Making and revoking keys: nobody gives a key what they lack.

use std::sync::Arc;
use std::time::Duration;

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result, Rights, Scope};
use web::Caller;

use super::api::ApiKeyIn;
use super::model::{self, ApiKeyId, ApiKeyRow};
use super::store;
use crate::callers::person_of;
use crate::permissions::{API_KEYS_MANAGE, API_KEYS_WRITE, OPERATOR_KEYS};
use crate::service_accounts::{self, ServiceAccountId};
use crate::workspaces::limits::{self, Allowed};
use crate::workspaces::{Realm, Role};
use crate::{Identity, events, secrets};

/// Somebody who makes, sees or revokes keys.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) identity: Arc<Identity>,
    pub(crate) caller: Caller,
    pub(crate) allowed: Allowed,
}

impl Maker {
    /// Keys are a person's: a key that could make keys would outlive its own expiry.
    pub(crate) fn person(&self) -> Result<PersonId> {
        person_of(&self.caller).ok_or_else(|| {
            Error::forbidden(
                "person_needed",
                "An API key cannot handle API keys. Sign in with an access token.",
            )
        })
    }

    /// A workspace that asks for a second factor lets nobody in without one.
    fn is_in(&self) -> Result<()> {
        if self.caller.barred { Err(web::second_factor_needed()) } else { Ok(()) }
    }

    pub(crate) fn sees(&self) -> Result<store::Seen> {
        let own = self.person()?;
        self.is_in()?;
        let all = self.caller.rights.hold(API_KEYS_MANAGE);
        Ok(store::Seen {
            workspace: self.caller.workspace,
            person: (!all).then_some(own),
            operator: self.caller.installation.hold(OPERATOR_KEYS),
        })
    }

    /// Whether everybody who looks at a web page may have these.
    fn publishable(&self, permissions: &[String]) -> Result<()> {
        let held = &self.identity.publishable;
        let held = |name: &String| self.identity.roles.find(name).is_some_and(|(one, _)| held.hold(one));
        match permissions.iter().position(|name| !held(name)) {
            Some(at) => {
                let message = "this is not for everybody, so a publishable key cannot have it";
                let error = Error::invalid("invalid", "Some fields are not valid.");
                Err(error.at_field(format!("/permissions/{at}"), "not_publishable", message))
            }
            None => Ok(()),
        }
    }

    /// Everything that is wrong with the permissions that were asked for, then the first that may not be given.
    pub(crate) fn permissions(&self, wanted: &[String], operator: bool) -> Result<Vec<String>> {
        let roles = &self.identity.roles;
        let (here, over_all) = if operator {
            (roles.rights(Role::Owner), self.caller.installation.clone())
        } else {
            (&self.caller.rights, Rights::none())
        };
        let mut given: Vec<String> = Vec::new();
        for (at, name) in wanted.iter().enumerate() {
            let found = roles.find(name).filter(|(_, realm)| operator || *realm != Realm::Installation);
            let Some((permission, realm)) = found else {
                let message = "no such permission, or not one that this kind of key can have";
                let error = Error::invalid("invalid", "Some fields are not valid.");
                return Err(error.at_field(format!("/permissions/{at}"), "unknown", message));
            };
            let held = if realm == Realm::Installation { &over_all } else { here };
            if !held.hold(permission) {
                let message = "Nobody can give a key what they may not do themselves.";
                return Err(Error::forbidden("cannot_grant", message).with("permission", name.as_str()));
            }
            if !given.contains(name) {
                given.push(name.clone());
            }
        }
        Ok(given)
    }
}

/// A new key, and its text, which nobody sees again.
pub(crate) async fn create(
    tx: &mut Tx,
    inst: &Installation,
    maker: &Maker,
    body: &ApiKeyIn,
) -> Result<(ApiKeyRow, String)> {
    let person = maker.person()?;
    let caller = &maker.caller;
    if !body.all_workspaces {
        maker.is_in()?;
        if let Some(closed) = caller.closed {
            return Err(closed.refusal());
        }
    }
    let workspace = if body.all_workspaces { None } else { Some(caller.workspace.ok_or_else(no_workspace)?) };
    let needed = match body {
        ApiKeyIn { all_workspaces: true, .. } => OPERATOR_KEYS,
        // These stay when whoever made them goes.
        ApiKeyIn { service_account_id: Some(_), .. } | ApiKeyIn { origins: Some(_), .. } => API_KEYS_MANAGE,
        _ => API_KEYS_WRITE,
    };
    let held = if body.all_workspaces { &caller.installation } else { &caller.rights };
    if !held.hold(needed) {
        let message = format!("This needs the permission {}.", needed.as_str());
        return Err(Error::forbidden("permission_needed", message).with("permission", needed.as_str()));
    }
    let permissions = maker.permissions(&body.permissions, body.all_workspaces)?;
    if let Some(workspace) = workspace {
        let scope = Scope::of_request(workspace, inst.actor().clone(), inst.trace().clone());
        limits::ops::admit(tx, &scope, &maker.allowed, limits::Name::ApiKeys).await?;
        if let Some(account) = body.service_account_id {
            within_account(tx, &scope, account, &permissions).await?;
        }
    }
    if body.origins.is_some() {
        maker.publishable(&permissions)?;
    }
    let now = tx.now();
    let new = model::new_text();
    let life = body.expires_in_days.map(|days| Duration::from_hours(u64::from(days) * 24));
    let key = ApiKeyRow {
        id: ApiKeyId::at(now),
        workspace,
        person,
        name: body.name.trim().to_owned(),
        prefix: new.prefix,
        permissions,
        created_at: now,
        expires_at: life.map(|life| now.plus(life)),
        last_used_at: None,
        revoked_at: None,
        last_used_ip: None,
        account: body.service_account_id,
        origins: body.origins.clone(),
    };
    store::insert(tx, inst, &key, &secrets::hash(&new.text)).await?;
    tell(tx, inst, &key, events::API_KEY_CREATED).await?;
    Ok((key, new.text))
}

/// A key of a service account may at most what that account may.
async fn within_account(
    tx: &mut Tx,
    scope: &Scope,
    account: ServiceAccountId,
    permissions: &[String],
) -> Result<()> {
    let refused = || Error::invalid("invalid", "Some fields are not valid.");
    let Some(account) = service_accounts::store::get(tx, scope, account).await? else {
        let message = "the workspace has no such service account";
        return Err(refused().at_field("/service_account_id", "unknown", message));
    };
    match permissions.iter().position(|one| !account.permissions.contains(one)) {
        Some(at) => {
            let message = "the service account may not do this itself";
            Err(refused().at_field(format!("/permissions/{at}"), "not_of_the_account", message))
        }
        None => Ok(()),
    }
}

/// Ends a key. Whoever may not see it is told that it is not there.
pub(crate) async fn revoke(
    tx: &mut Tx,
    inst: &Installation,
    maker: &Maker,
    id: ApiKeyId,
) -> Result<ApiKeyRow> {
    let seen = maker.sees()?;
    let key = store::get(tx, inst, id).await?.ok_or_else(Error::not_found)?;
    let visible = match key.workspace {
        None => seen.operator,
        Some(_) => key.workspace == seen.workspace && seen.person.is_none_or(|person| person == key.person),
    };
    if !visible {
        return Err(Error::not_found());
    }
    end(tx, inst, &key).await?;
    Ok(key)
}

/// Ends a key, whoever asks; ended twice is ended.
pub(crate) async fn end(tx: &mut Tx, inst: &Installation, key: &ApiKeyRow) -> Result<()> {
    let now = tx.now();
    if store::revoke(tx, inst, key.id, now).await? {
        tell(tx, inst, key, events::API_KEY_REVOKED).await?;
    }
    Ok(())
}

/// In the workspace's journal, or in the installation's for a key of the operator's.
async fn tell(tx: &mut Tx, inst: &Installation, key: &ApiKeyRow, kind: &'static str) -> Result<()> {
    let payload = json!({"name": key.name, "prefix": key.prefix, "permissions": key.permissions,
                         "service_account_id": key.account, "origins": key.origins});
    let subject = key.id.to_string();
    match key.workspace {
        Some(workspace) => {
            let scope = Scope::of_request(workspace, inst.actor().clone(), inst.trace().clone());
            events::in_workspace(tx, &scope, kind, subject, payload).await
        }
        None => events::in_installation(tx, inst, kind, subject, payload).await,
    }
}

fn no_workspace() -> Error {
    Error::forbidden("no_workspace", "This needs a workspace, and you belong to none.")
}
