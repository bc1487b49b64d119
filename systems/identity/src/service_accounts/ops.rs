//! Making, changing and deleting service accounts: nobody lets a program do what they may not do themselves.

use db::Tx;
use serde_json::json;
use types::{Error, Result, Scope};

use super::api::{ServiceAccountIn, ServiceAccountPatch};
use super::model::{ServiceAccountId, ServiceAccountRow};
use super::store;
use crate::events;
use crate::keys::{self, Maker};

/// A new account, which may do nothing until it has a key.
pub(crate) async fn create(
    tx: &mut Tx,
    scope: &Scope,
    maker: &Maker,
    body: &ServiceAccountIn,
) -> Result<ServiceAccountRow> {
    let now = tx.now();
    let row = ServiceAccountRow {
        id: ServiceAccountId::at(now),
        name: body.name.trim().to_owned(),
        permissions: maker.permissions(&body.permissions, false)?,
        created_by: maker.person()?,
        created_at: now,
        updated_at: now,
        disabled_at: None,
        version: 1,
    };
    store::insert(tx, scope, &row).await?;
    tell(tx, scope, events::SERVICE_ACCOUNT_CREATED, &row).await?;
    Ok(row)
}

/// Another name, other permissions, let in no more or again. What it may do beyond the maker's own may only be taken away.
pub(crate) async fn update(
    tx: &mut Tx,
    scope: &Scope,
    maker: &Maker,
    was: ServiceAccountRow,
    patch: &ServiceAccountPatch,
) -> Result<ServiceAccountRow> {
    maker.person()?;
    let mut to = was.clone();
    if let Some(name) = patch.name.as_set() {
        name.trim().clone_into(&mut to.name);
    }
    if let Some(wanted) = patch.permissions.as_set() {
        let more: Vec<_> = wanted.iter().filter(|one| !was.permissions.contains(one)).cloned().collect();
        maker.permissions(&more, false)?;
        to.permissions = wanted.clone();
    }
    if let Some(disabled) = patch.disabled.as_set() {
        let now = tx.now();
        to.disabled_at = if *disabled { was.disabled_at.or(Some(now)) } else { None };
    }
    store::update(tx, scope, &to).await?;
    tell(tx, scope, events::SERVICE_ACCOUNT_UPDATED, &to).await?;
    store::get(tx, scope, to.id).await?.ok_or_else(Error::not_found)
}

/// Ends the account and all its keys.
pub(crate) async fn delete(tx: &mut Tx, scope: &Scope, maker: &Maker, row: &ServiceAccountRow) -> Result<()> {
    maker.person()?;
    let now = tx.now();
    store::delete(tx, scope, row.id).await?;
    for key in keys::store::revoke_of_account(tx, scope, row.id, now).await? {
        let payload = json!({"because": "service_account_deleted"});
        events::in_workspace(tx, scope, events::API_KEY_REVOKED, key.to_string(), payload).await?;
    }
    tell(tx, scope, events::SERVICE_ACCOUNT_DELETED, row).await
}

async fn tell(tx: &mut Tx, scope: &Scope, kind: &'static str, row: &ServiceAccountRow) -> Result<()> {
    let payload =
        json!({"name": row.name, "permissions": row.permissions, "disabled": row.disabled_at.is_some()});
    events::in_workspace(tx, scope, kind, row.id.to_string(), payload).await
}
