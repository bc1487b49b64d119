//! All SQL about the roles that workspaces make.

use db::{Read, Row, Tx, params};
use query::{List, Page, Select};
use types::{Error, Result, Scope, Time};

use super::model::{Post, Role, RoleId, RoleRow};

/// Of a table `m` that has `role` and `role_id`, joined with its role: what [`post`] reads. Macros, because the text of a list
/// is put together while it is compiled.
macro_rules! columns {
    () => {
        "m.role, m.role_id, r.name AS role_name, r.permissions AS role_permissions"
    };
}
macro_rules! joined {
    () => {
        "LEFT JOIN workspace_roles r ON r.id = m.role_id AND r.workspace_id = m.workspace_id"
    };
}
pub(crate) use {columns, joined};

const COLUMNS: &str = "r.id, r.name, r.permissions, r.created_at, r.updated_at, r.version, \
                       (SELECT COUNT(*) FROM memberships m WHERE m.role_id = r.id) AS members";

/// What the columns of [`POST`] say.
pub(crate) fn post(row: &mut Row) -> Result<Post> {
    let kept: String = row.take("role")?;
    let permissions: Option<String> = row.take("role_permissions")?;
    Ok(Post {
        role: Role::read(&kept, row.take("role_id")?),
        name: row.take("role_name")?,
        permissions: permissions.as_deref().map_or(Ok(Vec::new()), listed)?,
    })
}

fn listed(text: &str) -> Result<Vec<String>> {
    serde_json::from_str(text).map_err(Error::internal)
}

fn role(row: &mut Row) -> Result<RoleRow> {
    Ok(RoleRow {
        id: row.take("id")?,
        name: row.take("name")?,
        permissions: listed(&row.take::<String>("permissions")?)?,
        members: row.take("members")?,
        created_at: row.take("created_at")?,
        updated_at: row.take("updated_at")?,
        version: row.take("version")?,
    })
}

pub(crate) async fn get(rx: &mut Read, scope: &Scope, id: RoleId) -> Result<Option<RoleRow>> {
    let sql = format!("SELECT {COLUMNS} FROM workspace_roles r WHERE r.workspace_id = $1 AND r.id = $2");
    rx.row(&sql, params![scope.workspace(), id]).await?.as_mut().map(role).transpose()
}

pub(crate) async fn page(rx: &mut Read, scope: &Scope, list: &List) -> Result<Page<RoleRow>> {
    query::page(rx, Select::scoped_by(scope, "r.workspace_id", "workspace_roles r", COLUMNS), list, role)
        .await
}

/// A role about to be written: its name, what its name is compared by, and its permissions.
pub(crate) struct Written<'a> {
    pub(crate) id: RoleId,
    pub(crate) name: &'a str,
    pub(crate) permissions: &'a [String],
}

impl Written<'_> {
    fn key(&self) -> String {
        self.name.to_lowercase()
    }

    fn json(&self) -> Result<String> {
        serde_json::to_string(self.permissions).map_err(Error::internal)
    }
}

/// `false` when the workspace has one of that name.
pub(crate) async fn insert(tx: &mut Tx, scope: &Scope, new: &Written<'_>, now: Time) -> Result<bool> {
    let sql = "INSERT INTO workspace_roles \
               (id, workspace_id, name, name_key, permissions, created_at, updated_at, version) \
               VALUES ($1, $2, $3, $4, $5, $6, $6, 1) ON CONFLICT (workspace_id, name_key) DO NOTHING";
    let values = params![new.id, scope.workspace(), new.name, new.key(), new.json()?, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// `false` when another role of the workspace has that name.
pub(crate) async fn update(tx: &mut Tx, scope: &Scope, new: &Written<'_>, now: Time) -> Result<bool> {
    let sql = "UPDATE workspace_roles SET name = $3, name_key = $4, permissions = $5, updated_at = $6, \
               version = version + 1 WHERE workspace_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM workspace_roles o \
               WHERE o.workspace_id = $1 AND o.name_key = $4 AND o.id <> $2)";
    let values = params![scope.workspace(), new.id, new.name, new.key(), new.json()?, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Whether somebody has the role, was invited to it, or would get it by default.
pub(crate) async fn in_use(rx: &mut Read, scope: &Scope, id: RoleId) -> Result<bool> {
    let sql = "SELECT 1 FROM memberships WHERE workspace_id = $1 AND role_id = $2 \
               UNION ALL SELECT 1 FROM invitations WHERE workspace_id = $1 AND role_id = $2 AND state = 'pending' \
               UNION ALL SELECT 1 FROM workspace_settings WHERE workspace_id = $1 AND role_id = $2";
    Ok(!rx.rows(sql, params![scope.workspace(), id]).await?.is_empty())
}

/// Takes it away; what was once invited to it keeps its line, without the role.
pub(crate) async fn delete(tx: &mut Tx, scope: &Scope, id: RoleId) -> Result<()> {
    let sql =
        "UPDATE invitations SET role = 'viewer', role_id = NULL WHERE workspace_id = $1 AND role_id = $2";
    tx.execute(sql, params![scope.workspace(), id]).await?;
    let sql = "DELETE FROM workspace_roles WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, params![scope.workspace(), id]).await?;
    Ok(())
}
