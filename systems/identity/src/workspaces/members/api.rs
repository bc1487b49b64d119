//! Members of a workspace over HTTP.

use axum::extract::State;
use query::{Kind, Page, SortColumn, SortField, SortFields};
use serde::{Deserialize, Serialize};
use types::{Installation, PersonId, Problems, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Commit, Json, ListShape, Path, Reply, Result, Thing, View};

use super::model::MemberRow;
use super::{ops, store};
use crate::callers::{Place, enter};
use crate::people::Email;
use crate::permissions::{MEMBERS_MANAGE, MEMBERS_READ};
use crate::workspaces::Role;
use crate::workspaces::api::place;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_members, create_member)).routes(routes!(delete_member))
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
    role: Role,
}

impl Check for MemberIn {
    fn check(&self, problems: &mut Problems) {
        Email::check("/email", &self.email, problems);
    }
}

/// A member of a workspace.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberOut {
    #[schema(value_type = String)]
    person_id: PersonId,
    email: String,
    name: String,
    role: Role,
    /// When they were taken in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[serde(skip)]
    workspace: Option<WorkspaceId>,
}

impl From<MemberRow> for MemberOut {
    fn from(row: MemberRow) -> Self {
        let MemberRow { person_id, email, name, role, created_at } = row;
        Self { person_id, email, name, role, created_at, workspace: None }
    }
}

impl Thing for MemberOut {
    fn id(&self) -> String {
        self.person_id.to_string()
    }

    fn version(&self) -> i64 {
        1
    }

    fn path(&self) -> String {
        let workspace = self.workspace.map(|workspace| workspace.to_string()).unwrap_or_default();
        format!("/api/v1/workspaces/{workspace}/members/{}", self.person_id)
    }
}

/// A body together with where it shall count.
struct Wish {
    place: Place,
    body: MemberIn,
}

impl Check for Wish {
    fn check(&self, problems: &mut Problems) {
        self.body.check(problems);
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

/// Takes in somebody who has an account here. Nobody can give a role that may do more than they may themselves.
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
    let place = place(&app, caller, id, MEMBERS_MANAGE)?;
    let identity = place.identity.clone();
    let reply = commit
        .created(Wish { place, body }, |tx, inst, Wish { place, body }| {
            Box::pin(async move {
                let (scope, held) = enter(tx, inst, place).await?;
                let grant = (&place.identity.roles, &held);
                let row = ops::add(tx, inst, &scope, grant, &body.email, body.role).await?;
                Ok(MemberOut { workspace: Some(place.workspace), ..MemberOut::from(row) })
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Takes somebody out, and revokes the keys they made there.
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
                let (scope, _) = enter(tx, inst, place).await?;
                change.admit(1)?;
                ops::remove(tx, inst, &scope, *person).await
            })
        })
        .await;
    identity.callers.forget();
    reply
}
