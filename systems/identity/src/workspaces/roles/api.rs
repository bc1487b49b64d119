//! Roles of a workspace over HTTP.

use axum::extract::State;
use query::{Kind, Page, SortColumn, SortField, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, Installation, Problems, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Field, Json, ListShape, Path, Reply, Result, Thing, View};

use super::model::{NAME_MAX, PERMISSIONS_MAX, Post, RoleId, RoleRow};
use super::ops::{self, Granter};
use super::store;
use crate::callers::{Place, Wish, enter};
use crate::people::check_line;
use crate::permissions::{MEMBERS_READ, ROLES_MANAGE};
use crate::workspaces::api::place;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_roles, create_role)).routes(routes!(
        get_role,
        update_role,
        delete_role
    ))
}

const SHAPE: ListShape = ListShape {
    sort: SortFields {
        fields: &[
            SortField { name: "created_at", columns: &[SortColumn::new("r.created_at", Kind::Int)] },
            SortField { name: "name", columns: &[SortColumn::new("r.name_key", Kind::Text)] },
            SortField { name: "id", columns: &[SortColumn::new("r.id", Kind::Id)] },
        ],
        default: "name,id",
        tie: SortColumn::new("r.id", Kind::Id),
    },
    filters: &[],
};

/// A role to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleIn {
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// Names of permissions of a workspace, each of which the caller has. `manage` of something includes its `write`, and
    /// `write` its `read`.
    #[schema(max_items = 200)]
    permissions: Vec<String>,
}

impl Check for RoleIn {
    fn check(&self, problems: &mut Problems) {
        check_line("/name", &self.name, NAME_MAX, problems);
        check_permissions(&self.permissions, problems);
    }
}

/// What may be changed of a role. It counts for everybody who has it, within a second.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolePatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 60)]
    name: Field<String>,
    /// All of them, not only what is new.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, nullable = false, max_items = 200)]
    permissions: Field<Vec<String>>,
}

impl Check for RolePatch {
    fn check(&self, problems: &mut Problems) {
        if self.name == Field::Empty {
            problems.add("/name", "required", "cannot be emptied");
        }
        if self.permissions == Field::Empty {
            problems.add("/permissions", "required", "cannot be null");
        }
        if let Some(name) = self.name.as_set() {
            check_line("/name", name, NAME_MAX, problems);
        }
        if let Some(permissions) = self.permissions.as_set() {
            check_permissions(permissions, problems);
        }
    }
}

fn check_permissions(permissions: &[String], problems: &mut Problems) {
    if permissions.len() > PERMISSIONS_MAX {
        problems.add("/permissions", "too_long", format!("must be at most {PERMISSIONS_MAX}"));
    }
}

/// A role that the workspace made for itself. Owner, admin, member and viewer are not in the list: every workspace has them.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoleOut {
    #[schema(value_type = String)]
    id: RoleId,
    name: String,
    permissions: Vec<String>,
    /// How many have it.
    members: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    #[serde(skip)]
    version: i64,
    #[serde(skip)]
    workspace: Option<WorkspaceId>,
}

impl RoleOut {
    fn new(row: RoleRow, workspace: WorkspaceId) -> Self {
        let RoleRow { id, name, permissions, members, created_at, updated_at, version } = row;
        Self { id, name, permissions, members, created_at, updated_at, version, workspace: Some(workspace) }
    }
}

impl Thing for RoleOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        let workspace = self.workspace.map(|workspace| workspace.to_string()).unwrap_or_default();
        format!("/api/v1/workspaces/{workspace}/roles/{}", self.id)
    }
}

/// The roles that the workspace made for itself.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/roles", tag = "workspaces", operation_id = "list_roles",
    params(("id" = String, Path, description = "The workspace's id."), query::ListParams),
    responses((status = 200, description = "A page of roles.", body = Page<RoleOut>)))]
async fn list_roles(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let (list, _) = view.asked(&SHAPE)?;
    let place = place(&app, caller, id, MEMBERS_READ)?;
    view.body((place, list), |rx, inst, (place, list)| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            Ok(store::page(rx, &scope, list).await?.map(|row| RoleOut::new(row, place.workspace)))
        })
    })
    .await
}

/// Makes a role of permissions that the caller has.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/roles", tag = "workspaces", operation_id = "create_role",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = RoleIn,
    responses((status = 201, description = "The role.", body = RoleOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = RoleOut)))]
async fn create_role(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(body): Json<RoleIn>,
) -> Result<Reply> {
    let wish = place(&app, caller, id, ROLES_MANAGE)?.wishing(body);
    commit
        .created(wish, |tx, inst, wish: &Wish<RoleIn>| {
            Box::pin(async move {
                let (scope, held) = wish.enter(tx, inst).await?;
                let Place { identity, allowed, .. } = &wish.place;
                let granter = Granter { roles: &identity.roles, held: &held };
                let (name, permissions) = (&wish.body.name, &wish.body.permissions);
                let row = ops::create(tx, &scope, &granter, allowed, name, permissions).await?;
                Ok(RoleOut::new(row, wish.place.workspace))
            })
        })
        .await
}

/// One role that the workspace made for itself.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/roles/{role_id}", tag = "workspaces", operation_id = "get_role",
    params(("id" = String, Path, description = "The workspace's id."),
           ("role_id" = String, Path, description = "The role's id.")),
    responses((status = 200, description = "The role.", body = RoleOut)))]
async fn get_role(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path((id, role)): Path<(WorkspaceId, RoleId)>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_READ)?;
    view.one((place, role), |rx, inst, (place, role)| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            Ok(store::get(rx, &scope, *role).await?.map(|row| RoleOut::new(row, place.workspace)))
        })
    })
    .await
}

/// Changes a role, for everybody who has it. The caller has to have what is in it, before and after.
#[utoipa::path(patch, path = "/api/v1/workspaces/{id}/roles/{role_id}", tag = "workspaces", operation_id = "update_role",
    params(("id" = String, Path, description = "The workspace's id."),
           ("role_id" = String, Path, description = "The role's id.")),
    request_body = RolePatch,
    responses((status = 200, description = "The role as it is now.", body = RoleOut)))]
async fn update_role(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path((id, role)): Path<(WorkspaceId, RoleId)>,
    Json(patch): Json<RolePatch>,
) -> Result<Reply> {
    let place = place(&app, caller, id, ROLES_MANAGE)?;
    let identity = place.identity.clone();
    let reply = commit
        .updated((place, role), patch, |tx, inst, change: &Change<(Place, RoleId), RolePatch>| {
            Box::pin(async move {
                let (place, role) = &change.id;
                let (scope, held) = enter(tx, inst, place).await?;
                let now = store::get(tx, &scope, *role).await?.ok_or_else(Error::not_found)?;
                change.admit(now.version)?;
                let granter = Granter { roles: &place.identity.roles, held: &held };
                let name = change.body.name.as_set().map(String::as_str);
                let permissions = change.body.permissions.as_set();
                if let Some(permissions) = permissions {
                    // Whoever has the role has what is put into it from then on.
                    place.vouch(&Post { permissions: permissions.clone(), ..now.post() }, tx.now())?;
                }
                let row = ops::update(tx, &scope, &granter, now, name, permissions).await?;
                Ok(RoleOut::new(row, place.workspace))
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Ends a role that nobody has.
#[utoipa::path(delete, path = "/api/v1/workspaces/{id}/roles/{role_id}", tag = "workspaces", operation_id = "delete_role",
    params(("id" = String, Path, description = "The workspace's id."),
           ("role_id" = String, Path, description = "The role's id.")),
    responses((status = 204, description = "Ended.")))]
async fn delete_role(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path((id, role)): Path<(WorkspaceId, RoleId)>,
) -> Result<Reply> {
    let place = place(&app, caller, id, ROLES_MANAGE)?;
    commit
        .deleted((place, role), |tx, inst, change| {
            Box::pin(async move {
                let (place, role) = &change.id;
                let (scope, held) = enter(tx, inst, place).await?;
                let now = store::get(tx, &scope, *role).await?.ok_or_else(Error::not_found)?;
                change.admit(now.version)?;
                let granter = Granter { roles: &place.identity.roles, held: &held };
                ops::delete(tx, &scope, &granter, &now).await
            })
        })
        .await
}
