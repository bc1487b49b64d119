//! Changing the settings of a workspace: nobody makes a default of what they could not grant.

use db::Tx;
use serde_json::json;
use types::{Result, Rights, Scope};

use super::model::Choices;
use super::store;
use crate::events;
use crate::workspaces::{Roles, roles};

/// What is to be different.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) default_role: Option<String>,
    pub(crate) invitation_days: Option<i64>,
}

pub(crate) async fn change(
    tx: &mut Tx,
    scope: &Scope,
    grant: (&Roles, &Rights),
    now: Choices,
    wanted: &Wanted,
) -> Result<Choices> {
    let mut new = now.clone();
    if let Some(role) = &wanted.default_role {
        new.post = roles::ops::named(tx, scope, role).await?;
        grant.0.admit(&new.post, grant.1)?;
    }
    new.invitation_days = wanted.invitation_days.unwrap_or(now.invitation_days);
    let same = new.post.role == now.post.role && new.invitation_days == now.invitation_days;
    if same {
        return Ok(now);
    }
    let at = tx.now();
    store::put(tx, scope, &new, at).await?;
    let payload = json!({
        "default_role": new.post.role, "invitation_days": new.invitation_days,
    });
    let subject = scope.workspace().to_string();
    events::in_workspace(tx, scope, events::WORKSPACE_SETTINGS_CHANGED, subject, payload).await?;
    store::get(tx, scope).await
}
