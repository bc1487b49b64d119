//! All SQL about workspaces themselves.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Installation, PersonId, Result, Scope, Time, WorkspaceId};

use super::model::WorkspaceRow;

const COLUMNS: &str = "w.id, w.name, w.slug, w.created_at, w.updated_at, w.version, w.require_second_factor";

fn workspace(row: &mut Row) -> Result<WorkspaceRow> {
    Ok(WorkspaceRow {
        id: row.take("id")?,
        name: row.take("name")?,
        slug: row.take("slug")?,
        created_at: row.take("created_at")?,
        updated_at: row.take("updated_at")?,
        version: row.take("version")?,
        require_second_factor: row.take("require_second_factor")?,
    })
}

/// The workspace of the scope.
pub(crate) async fn get(rx: &mut Read, scope: &Scope) -> Result<Option<WorkspaceRow>> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces w WHERE w.id = $1");
    rx.row(&sql, params![scope.workspace()]).await?.as_mut().map(workspace).transpose()
}

pub(crate) async fn by_slug(rx: &mut Read, _: &Installation, slug: &str) -> Result<Option<WorkspaceRow>> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces w WHERE w.slug = $1");
    rx.row(&sql, params![slug]).await?.as_mut().map(workspace).transpose()
}

/// Whether the workspace of the scope keeps sessions without a second factor out.
pub(crate) async fn requires_second_factor(rx: &mut Read, scope: &Scope) -> Result<bool> {
    let sql = "SELECT require_second_factor FROM workspaces WHERE id = $1";
    let row = rx.row(sql, params![scope.workspace()]).await?;
    row.map_or(Ok(false), |mut row| Ok(row.take("require_second_factor")?))
}

pub(crate) async fn set_second_factor(tx: &mut Tx, scope: &Scope, required: bool, now: Time) -> Result<()> {
    let sql = "UPDATE workspaces SET require_second_factor = $2, updated_at = $3, version = version + 1 WHERE id = $1";
    tx.execute(sql, params![scope.workspace(), required, now]).await?;
    Ok(())
}

pub(crate) async fn exists(rx: &mut Read, _: &Installation, id: WorkspaceId) -> Result<bool> {
    Ok(rx.row("SELECT id FROM workspaces WHERE id = $1", params![id]).await?.is_some())
}

/// The workspaces somebody belongs to, or the one that a key belongs to.
pub(crate) async fn page(
    rx: &mut Read,
    inst: &Installation,
    whose: Whose,
    list: &List,
) -> Result<Page<WorkspaceRow>> {
    let select = Select::installation(inst, "workspaces w", COLUMNS);
    let select = match whose {
        Whose::Person(person) => {
            select.and("w.id IN (SELECT workspace_id FROM memberships WHERE person_id = $1)", [person.into()])
        }
        Whose::Only(workspace) => select.and("w.id = $1", [workspace.into()]),
    };
    query::page(rx, select, list, workspace).await
}

/// Whose workspaces are listed.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    Person(PersonId),
    Only(WorkspaceId),
}

/// `false` when the slug is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    _: &Installation,
    id: WorkspaceId,
    name: &str,
    slug: &str,
    now: Time,
) -> Result<bool> {
    let sql = "INSERT INTO workspaces (id, name, slug, created_at, updated_at, version) \
               VALUES ($1, $2, $3, $4, $4, 1) ON CONFLICT (slug) DO NOTHING";
    Ok(tx.execute(sql, params![id, name, slug, now]).await? == 1)
}

/// `false` when another workspace has the slug.
pub(crate) async fn update(tx: &mut Tx, scope: &Scope, name: &str, slug: &str, now: Time) -> Result<bool> {
    let sql = "UPDATE workspaces SET name = $2, slug = $3, updated_at = $4, version = version + 1 WHERE id = $1 \
               AND NOT EXISTS (SELECT 1 FROM workspaces o WHERE o.slug = $3 AND o.id <> $1)";
    Ok(tx.execute(sql, params![scope.workspace(), name, slug, now]).await? == 1)
}
