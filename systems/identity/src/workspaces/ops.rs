//! Making a workspace together with its first owner.

use db::Tx;
use serde_json::json;
use types::{Error, Installation, PersonId, Result, Scope, WorkspaceId};

use super::model::{Role, WorkspaceRow, slug_of};
use super::{members, store};
use crate::events;

/// How many slugs are tried before a name is given up on.
const TRIES: u32 = 50;

/// A workspace with this name and one owner. Without a slug of its own it gets one made of the name that is still free;
/// a slug that was asked for and is taken is a conflict.
pub(crate) async fn create(
    tx: &mut Tx,
    inst: &Installation,
    name: &str,
    slug: Option<&str>,
    owner: PersonId,
) -> Result<WorkspaceRow> {
    let now = tx.now();
    let id = WorkspaceId::at(now);
    let name = name.trim();
    let slug = match slug {
        Some(slug) if store::insert(tx, inst, id, name, slug, now).await? => slug.to_owned(),
        Some(_) => return Err(slug_taken()),
        None => insert_with_free_slug(tx, inst, id, name).await?,
    };
    let scope = Scope::of_request(id, inst.actor().clone(), inst.trace().clone());
    members::store::insert(tx, &scope, owner, Role::Owner, now).await?;
    let payload = json!({"name": name, "slug": slug});
    events::in_workspace(tx, &scope, events::WORKSPACE_CREATED, id.to_string(), payload).await?;
    members::ops::tell_added(tx, &scope, owner, Role::Owner).await?;
    store::get(tx, &scope).await?.ok_or_else(|| Error::internal("a workspace vanished while it was made"))
}

async fn insert_with_free_slug(
    tx: &mut Tx,
    inst: &Installation,
    id: WorkspaceId,
    name: &str,
) -> Result<String> {
    let now = tx.now();
    let wanted = slug_of(name);
    for number in 1..=TRIES {
        let slug = if number == 1 { wanted.clone() } else { format!("{wanted}-{number}") };
        if store::insert(tx, inst, id, name, &slug, now).await? {
            return Ok(slug);
        }
    }
    Err(slug_taken())
}

/// Gives the workspace of the scope another name, or another slug.
pub(crate) async fn update(tx: &mut Tx, scope: &Scope, name: &str, slug: &str) -> Result<WorkspaceRow> {
    let now = tx.now();
    if !store::update(tx, scope, name.trim(), slug, now).await? {
        return Err(slug_taken());
    }
    let payload = json!({"name": name.trim(), "slug": slug});
    let subject = scope.workspace().to_string();
    events::in_workspace(tx, scope, events::WORKSPACE_UPDATED, subject, payload).await?;
    store::get(tx, scope).await?.ok_or_else(Error::not_found)
}

/// Keeps sessions without a second factor out of the workspace of the scope, or lets them in again.
pub(crate) async fn require_second_factor(
    tx: &mut Tx,
    scope: &Scope,
    required: bool,
) -> Result<WorkspaceRow> {
    let now = tx.now();
    store::set_second_factor(tx, scope, required, now).await?;
    let payload = json!({"require_second_factor": required});
    let subject = scope.workspace().to_string();
    events::in_workspace(tx, scope, events::WORKSPACE_UPDATED, subject, payload).await?;
    store::get(tx, scope).await?.ok_or_else(Error::not_found)
}

fn slug_taken() -> Error {
    Error::conflict("slug_taken", "Another workspace has this slug.")
}
