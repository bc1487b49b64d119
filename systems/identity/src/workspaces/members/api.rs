//! Members of a workspace over HTTP.

use axum::extract::State;
use query::{Kind, Page, SortColumn, SortField, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, Installation, PersonId, Problems, Scope, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Field, Json, ListShape, Path, Reply, Result, Thing, View};

use super::model::MemberRow;
use super::{ops, store};
use crate::callers::{Place, Wish, enter, lacking};
use crate::people::Email;
use crate::permissions::{MEMBERS_MANAGE, MEMBERS_READ, PEOPLE_READ};
use crate::workspaces::api::place;
use crate::workspaces::{Role, roles};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_members, create_member)).routes(routes!(
        get_member,
        update_member,
        delete_member
    ))
}

const SHAPE: ListShape = ListShape {
    sort: SortFields {
        fields: &[
            SortField { name: "created_at", columns: &[SortColumn::new("m.created_at", Kind::Int)] },
            SortField { name: "name", columns: &[SortColumn::new("p.name", Kind::Text)] },
            SortField { name: "email", columns: &[SortColumn::new("p.email_key", Kind::Text)] },
            SortField { name: "person_id", columns: &[SortColumn::new("m.person_id", Kind::Id)] },
        ],
        default: "-created_at,-person_id",
        tie: SortColumn::new("m.person_id", Kind::Id),
    },
    filters: &[],
};

/// Somebody to be taken in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberIn {
    /// The address of somebody who has an account here.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// `owner`, `admin`, `member`, `viewer`, or the id of a role of the workspace.
    #[schema(example = "member", max_length = 40)]
    role: String,
}

impl Check for MemberIn {
    fn check(&self, problems: &mut Problems) {
        Email::check("/email", &self.email, problems);
    }
}

/// What may be changed of a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberPatch {
    /// `owner`, `admin`, `member`, `viewer`, or the id of a role of the workspace.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, example = "member", max_length = 40)]
    role: Field<String>,
}

impl Check for MemberPatch {
    fn check(&self, problems: &mut Problems) {
        if self.role == Field::Empty {
            problems.add("/role", "required", "cannot be emptied");
        }
    }
}

/// A member of a workspace.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberOut {
    #[schema(value_type = String)]
    person_id: PersonId,
    email: String,
    name: String,
    /// `owner`, `admin`, `member`, `viewer`, or the id of a role of the workspace.
    #[schema(value_type = String)]
    role: Role,
    /// What people call the role.
    role_name: String,
    /// When they were taken in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[serde(skip)]
    version: i64,
    #[serde(skip)]
    workspace: Option<WorkspaceId>,
}

impl MemberOut {
    fn new(row: MemberRow, scope: &Scope) -> Self {
        Self { workspace: Some(scope.workspace()), ..Self::from(row) }
    }
}

impl From<MemberRow> for MemberOut {
    fn from(row: MemberRow) -> Self {
        let MemberRow { person_id, email, name, post, created_at, version } = row;
        let role_name = post.label().to_owned();
        Self { person_id, email, name, role: post.role, role_name, created_at, version, workspace: None }
    }
}

impl Thing for MemberOut {
    fn id(&self) -> String {
        self.person_id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        let workspace = self.workspace.map(|workspace| workspace.to_string()).unwrap_or_default();
        format!("/api/v1/workspaces/{workspace}/members/{}", self.person_id)
    }
}

/// Who belongs to the workspace.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/members", tag = "workspaces", operation_id = "list_members",
    params(("id" = String, Path, description = "The workspace's id."), query::ListParams),
    responses((status = 200, description = "A page of members.", body = Page<MemberOut>)))]
async fn list_members(
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
            Ok(store::page(rx, &scope, list).await?.map(MemberOut::from))
        })
    })
    .await
}

/// Takes in somebody who has an account here, without asking them. Needs `people:read` over the installation besides: everybody
/// else invites, because who has an account is nobody's business.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/members", tag = "workspaces", operation_id = "create_member",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = MemberIn,
    responses((status = 201, description = "The member.", body = MemberOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = MemberOut)))]
async fn create_member(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(body): Json<MemberIn>,
) -> Result<Reply> {
    let wish = place(&app, caller, id, MEMBERS_MANAGE)?.wishing(body);
    let identity = wish.place.identity.clone();
    let reply = commit
        .created(wish, |tx, inst, wish: &Wish<MemberIn>| {
            Box::pin(async move {
                let (scope, held) = wish.enter(tx, inst).await?;
                let Place { identity, caller, allowed, .. } = &wish.place;
                if !caller.installation.hold(PEOPLE_READ) {
                    return Err(lacking(PEOPLE_READ));
                }
                let post = roles::ops::named(tx, &scope, &wish.body.role).await?;
                identity.roles.admit(&post, &held)?;
                wish.place.vouch(&post, tx.now())?;
                let row = ops::add(tx, inst, &scope, allowed, &wish.body.email, post.role).await?;
                Ok(MemberOut::new(row, &scope))
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// One member of the workspace.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/members/{person_id}", tag = "workspaces",
    operation_id = "get_member",
    params(("id" = String, Path, description = "The workspace's id."),
           ("person_id" = String, Path, description = "The person's id.")),
    responses((status = 200, description = "The member.", body = MemberOut)))]
async fn get_member(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path((id, person)): Path<(WorkspaceId, PersonId)>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_READ)?;
    view.one((place, person), |rx, inst, (place, person)| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            Ok(store::get(rx, &scope, *person).await?.map(|row| MemberOut::new(row, &scope)))
        })
    })
    .await
}

/// Gives a member another role. Nobody changes somebody who may do more than they may, or makes anybody that.
#[utoipa::path(patch, path = "/api/v1/workspaces/{id}/members/{person_id}", tag = "workspaces",
    operation_id = "update_member",
    params(("id" = String, Path, description = "The workspace's id."),
           ("person_id" = String, Path, description = "The person's id.")),
    request_body = MemberPatch,
    responses((status = 200, description = "The member as they are now.", body = MemberOut)))]
async fn update_member(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path((id, person)): Path<(WorkspaceId, PersonId)>,
    Json(patch): Json<MemberPatch>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_MANAGE)?;
    let identity = place.identity.clone();
    let reply = commit
        .updated((place, person), patch, |tx, inst, change: &Change<(Place, PersonId), MemberPatch>| {
            Box::pin(async move {
                let (place, person) = &change.id;
                let (scope, held) = enter(tx, inst, place).await?;
                let member = store::get(tx, &scope, *person).await?.ok_or_else(Error::not_found)?;
                change.admit(member.version)?;
                let Some(role) = change.body.role.as_set() else { return Ok(MemberOut::new(member, &scope)) };
                let post = roles::ops::named(tx, &scope, role).await?;
                let grant = (&place.identity.roles, &held);
                if post.role != member.post.role {
                    place.vouch(&post, tx.now())?;
                }
                Ok(MemberOut::new(ops::change(tx, &scope, grant, member, &post).await?, &scope))
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Takes somebody out, and revokes the keys they made there. Nobody takes out somebody who may do more than they may.
#[utoipa::path(delete, path = "/api/v1/workspaces/{id}/members/{person_id}", tag = "workspaces",
    operation_id = "delete_member",
    params(("id" = String, Path, description = "The workspace's id."),
           ("person_id" = String, Path, description = "The person's id.")),
    responses((status = 204, description = "Taken out.")))]
async fn delete_member(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path((id, person)): Path<(WorkspaceId, PersonId)>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_MANAGE)?;
    let identity = place.identity.clone();
    let reply = commit
        .deleted((place, person), |tx, inst, change| {
            Box::pin(async move {
                let (place, person) = &change.id;
                let (scope, held) = enter(tx, inst, place).await?;
                let member = store::get(tx, &scope, *person).await?.ok_or_else(Error::not_found)?;
                change.admit(member.version)?;
                ops::reach(&place.identity.roles, &held, &member)?;
                ops::remove(tx, inst, &scope, &member).await
            })
        })
        .await;
    identity.callers.forget();
    reply
}
