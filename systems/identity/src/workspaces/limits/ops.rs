//! Holding a workspace to its limits, inside the commit that would go over one.

use db::{Read, Tx};
use serde_json::json;
use types::{Error, Result, Scope};

use super::model::{Allowed, LimitOut, Name};
use super::store;
use crate::events;

/// Whether there is room for one more. Counted in the same transaction, so a crowd cannot squeeze in beside each other.
pub(crate) async fn admit(rx: &mut Read, scope: &Scope, allowed: &Allowed, name: Name) -> Result<()> {
    let own = store::of(rx, scope, name).await?;
    let Some(limit) = own.or_else(|| allowed.of(name)) else { return Ok(()) };
    let used = store::used(rx, scope, name).await?;
    if used < limit {
        return Ok(());
    }
    let error = Error::conflict("limit_reached", "The workspace has as many of these as it may.");
    Err(error.with("name", name.as_str()).with("limit", limit).with("used", used))
}

/// Every limit of the workspace, with how much of it is used; of requests the caller knows.
pub(crate) async fn all(rx: &mut Read, scope: &Scope, allowed: &Allowed) -> Result<Vec<LimitOut>> {
    let mut all = Vec::new();
    for name in Name::ALL {
        let own = store::of(rx, scope, name).await?;
        let used = match name {
            Name::Requests => None,
            name => Some(store::used(rx, scope, name).await?),
        };
        let limit = own.or_else(|| allowed.of(name));
        all.push(LimitOut { name: name.as_str(), limit, used, own: own.is_some() });
    }
    Ok(all)
}

/// Sets these limits; without a value one is left to the settings again.
pub(crate) async fn set(tx: &mut Tx, scope: &Scope, wanted: &[(Name, Option<i64>)]) -> Result<()> {
    let mut changed = serde_json::Map::new();
    for (name, value) in wanted {
        if store::of(tx, scope, *name).await? != *value {
            store::set(tx, scope, *name, *value).await?;
            changed.insert(name.as_str().to_owned(), json!(value));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let subject = scope.workspace().to_string();
    events::in_workspace(tx, scope, events::WORKSPACE_LIMITS_CHANGED, subject, changed.into()).await
}
