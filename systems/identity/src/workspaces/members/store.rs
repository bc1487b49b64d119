//! All SQL about who belongs to a workspace.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Installation, PersonId, Result, Scope, Time, WorkspaceId};

use super::model::{MemberRow, Membership};
use crate::workspaces::Role;

const COLUMNS: &str = "m.person_id, p.email, p.name, m.role, m.created_at";
const FROM: &str = "memberships m JOIN people p ON p.id = m.person_id";

fn member(row: &mut Row) -> Result<MemberRow> {
    Ok(MemberRow {
        person_id: row.take("person_id")?,
        email: row.take("email")?,
        name: row.take("name")?,
        role: Role::read(&row.take::<String>("role")?),
        created_at: row.take("created_at")?,
    })
}

pub(crate) async fn get(rx: &mut Read, scope: &Scope, person: PersonId) -> Result<Option<MemberRow>> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE m.workspace_id = $1 AND m.person_id = $2");
    rx.row(&sql, params![scope.workspace(), person]).await?.as_mut().map(member).transpose()
}

/// The members of the workspace.
pub(crate) async fn page(rx: &mut Read, scope: &Scope, list: &List) -> Result<Page<MemberRow>> {
    query::page(rx, Select::scoped_by(scope, "m.workspace_id", FROM, COLUMNS), list, member).await
}

/// `false` when they belong to it already. It becomes their default when they have none.
pub(crate) async fn insert(
    tx: &mut Tx,
    scope: &Scope,
    person: PersonId,
    role: Role,
    now: Time,
) -> Result<bool> {
    let default =
        tx.row("SELECT 1 FROM memberships WHERE person_id = $1 AND is_default = 1", params![person]).await?;
    let sql = "INSERT INTO memberships (workspace_id, person_id, role, is_default, created_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id, person_id) DO NOTHING";
    let values = params![scope.workspace(), person, role.as_str(), default.is_none(), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes somebody out; when it was their default, the membership they have longest becomes it.
pub(crate) async fn remove(tx: &mut Tx, scope: &Scope, person: PersonId) -> Result<bool> {
    let sql = "DELETE FROM memberships WHERE workspace_id = $1 AND person_id = $2";
    let removed = tx.execute(sql, params![scope.workspace(), person]).await? == 1;
    let next = "UPDATE memberships SET is_default = 1 WHERE person_id = $1 AND workspace_id = (\
                SELECT workspace_id FROM memberships WHERE person_id = $1 ORDER BY created_at, workspace_id LIMIT 1) \
                AND NOT EXISTS (SELECT 1 FROM memberships d WHERE d.person_id = $1 AND d.is_default = 1)";
    tx.execute(next, params![person]).await?;
    Ok(removed)
}

/// How many owners the workspace has.
pub(crate) async fn owners(rx: &mut Read, scope: &Scope) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS owners FROM memberships WHERE workspace_id = $1 AND role = 'owner'";
    let row = rx.row(sql, params![scope.workspace()]).await?;
    row.map_or(Ok(0), |mut row| Ok(row.take("owners")?))
}

/// Those who own the workspace and may sign in, by name and address.
pub(crate) async fn owners_of(rx: &mut Read, scope: &Scope) -> Result<Vec<(String, String)>> {
    let sql = "SELECT p.name, p.email FROM memberships m JOIN people p ON p.id = m.person_id \
               WHERE m.workspace_id = $1 AND m.role = 'owner' AND p.status = 'active' ORDER BY p.email LIMIT 100";
    let rows = rx.rows(sql, params![scope.workspace()]).await?;
    rows.into_iter().map(|mut row| Ok((row.take("name")?, row.take("email")?))).collect()
}

/// Everywhere somebody belongs, the default first, then by slug.
pub(crate) async fn of_person(rx: &mut Read, _: &Installation, person: PersonId) -> Result<Vec<Membership>> {
    let sql = "SELECT m.workspace_id, w.slug, w.name, m.role, m.is_default, w.require_second_factor FROM memberships m \
               JOIN workspaces w ON w.id = m.workspace_id WHERE m.person_id = $1 ORDER BY m.is_default DESC, w.slug";
    let mut all = Vec::new();
    for mut row in rx.rows(sql, params![person]).await? {
        all.push(Membership {
            workspace: row.take::<WorkspaceId>("workspace_id")?,
            slug: row.take("slug")?,
            name: row.take("name")?,
            role: Role::read(&row.take::<String>("role")?),
            is_default: row.take("is_default")?,
            require_second_factor: row.take("require_second_factor")?,
        });
    }
    Ok(all)
}

/// The workspaces, by slug, that nobody else who may sign in owns.
pub(crate) async fn owned_alone(rx: &mut Read, _: &Installation, person: PersonId) -> Result<Vec<String>> {
    let sql = "SELECT w.slug FROM memberships m JOIN workspaces w ON w.id = m.workspace_id \
               WHERE m.person_id = $1 AND m.role = 'owner' AND NOT EXISTS (\
               SELECT 1 FROM memberships o JOIN people p ON p.id = o.person_id \
               WHERE o.workspace_id = m.workspace_id AND o.role = 'owner' AND o.person_id <> $1 \
               AND p.status = 'active') ORDER BY w.slug";
    rx.rows(sql, params![person]).await?.into_iter().map(|mut row| Ok(row.take("slug")?)).collect()
}
