//! All SQL about who belongs to a workspace.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Installation, PersonId, Result, Scope, Time, WorkspaceId};

use super::model::{MemberRow, Membership};
use crate::workspaces::limits::{self, Name};
use crate::workspaces::roles::store::{columns, joined, post};
use crate::workspaces::{Role, life};

const COLUMNS: &str = concat!("m.person_id, p.email, p.name, m.created_at, m.version, ", columns!());
const FROM: &str = concat!("memberships m JOIN people p ON p.id = m.person_id ", joined!());

fn member(row: &mut Row) -> Result<MemberRow> {
    Ok(MemberRow {
        person_id: row.take("person_id")?,
        email: row.take("email")?,
        name: row.take("name")?,
        post: post(row)?,
        created_at: row.take("created_at")?,
        version: row.take("version")?,
    })
}

pub(crate) async fn get(rx: &mut Read, scope: &Scope, person: PersonId) -> Result<Option<MemberRow>> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE m.workspace_id = $1 AND m.person_id = $2");
    rx.row(&sql, params![scope.workspace(), person]).await?.as_mut().map(member).transpose()
}

/// The same, for what somebody does who need not be there: `None` for who is kept out or leaving, too.
pub(crate) async fn active(rx: &mut Read, scope: &Scope, person: PersonId) -> Result<Option<MemberRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE m.workspace_id = $1 AND m.person_id = $2 AND p.status = 'active'"
    );
    rx.row(&sql, params![scope.workspace(), person]).await?.as_mut().map(member).transpose()
}

/// The members of the workspace.
pub(crate) async fn page(rx: &mut Read, scope: &Scope, list: &List) -> Result<Page<MemberRow>> {
    query::page(rx, Select::scoped_by(scope, "m.workspace_id", FROM, COLUMNS), list, member).await
}

/// Whether somebody with this address belongs to the workspace.
pub(crate) async fn has_address(rx: &mut Read, scope: &Scope, email_key: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM memberships m JOIN people p ON p.id = m.person_id \
               WHERE m.workspace_id = $1 AND p.email_key = $2";
    Ok(rx.row(sql, params![scope.workspace(), email_key]).await?.is_some())
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
    let sql = "INSERT INTO memberships (workspace_id, person_id, role, role_id, is_default, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, person_id) DO NOTHING";
    let values = params![scope.workspace(), person, role.kept(), role.id(), default.is_none(), now];
    Ok(tx.execute(sql, values).await? == 1)
}

pub(crate) async fn set_role(tx: &mut Tx, scope: &Scope, person: PersonId, role: Role) -> Result<()> {
    let sql = "UPDATE memberships SET role = $3, role_id = $4, version = version + 1 \
               WHERE workspace_id = $1 AND person_id = $2";
    tx.execute(sql, params![scope.workspace(), person, role.kept(), role.id()]).await?;
    Ok(())
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

/// How many owners the workspace has who may sign in.
pub(crate) async fn owners(rx: &mut Read, scope: &Scope) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS owners FROM memberships m JOIN people p ON p.id = m.person_id \
               WHERE m.workspace_id = $1 AND m.role = 'owner' AND p.status = 'active'";
    let row = rx.row(sql, params![scope.workspace()]).await?;
    row.map_or(Ok(0), |mut row| Ok(row.take("owners")?))
}

/// Whether somebody else owns the workspace who may sign in.
pub(crate) async fn others_own(rx: &mut Read, scope: &Scope, person: PersonId) -> Result<bool> {
    let sql = "SELECT 1 FROM memberships m JOIN people p ON p.id = m.person_id \
               WHERE m.workspace_id = $1 AND m.role = 'owner' AND p.status = 'active' AND m.person_id <> $2";
    Ok(!rx.rows(sql, params![scope.workspace(), person]).await?.is_empty())
}

/// A batch of the members.
pub(crate) async fn some(rx: &mut Read, scope: &Scope, most: i64) -> Result<Vec<PersonId>> {
    let sql = "SELECT person_id FROM memberships WHERE workspace_id = $1 ORDER BY person_id LIMIT $2";
    let rows = rx.rows(sql, params![scope.workspace(), most]).await?;
    rows.into_iter().map(|mut row| Ok(row.take("person_id")?)).collect()
}

/// Makes the workspace of the scope the one that the person works in when a request names none. `false` when they do not
/// belong to it.
pub(crate) async fn set_default(tx: &mut Tx, scope: &Scope, person: PersonId) -> Result<bool> {
    let others = "UPDATE memberships SET is_default = 0 WHERE person_id = $2 AND workspace_id <> $1 AND is_default = 1";
    tx.execute(others, params![scope.workspace(), person]).await?;
    let sql = "UPDATE memberships SET is_default = 1 WHERE workspace_id = $1 AND person_id = $2";
    Ok(tx.execute(sql, params![scope.workspace(), person]).await? == 1)
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
    let sql = format!(
        "SELECT m.workspace_id, w.slug, w.name, m.is_default, w.require_second_factor, {}, {}, l.value AS requests FROM memberships m \
         JOIN workspaces w ON w.id = m.workspace_id {} \
         LEFT JOIN workspace_limits l ON l.workspace_id = m.workspace_id AND l.name = $2 \
         WHERE m.person_id = $1 ORDER BY m.is_default DESC, w.slug",
        columns!(),
        life::store::LIFE,
        joined!()
    );
    let mut all = Vec::new();
    for mut row in rx.rows(&sql, params![person, Name::Requests.as_str()]).await? {
        all.push(Membership {
            workspace: row.take::<WorkspaceId>("workspace_id")?,
            slug: row.take("slug")?,
            name: row.take("name")?,
            post: post(&mut row)?,
            life: life::store::life(&mut row)?,
            requests: row.take::<Option<i64>>("requests")?.map(limits::store::as_count),
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
