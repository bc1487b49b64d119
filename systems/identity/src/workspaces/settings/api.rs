//! The settings of a workspace over HTTP.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use types::{Installation, Problems, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Field, Json, Path, Reply, Result, Thing, View};

use super::model::{Choices, DAYS_MAX};
use super::ops::{self, Wanted};
use super::store;
use crate::callers::{Place, enter};
use crate::permissions::{WORKSPACE_READ, WORKSPACE_WRITE};
use crate::workspaces::Role;
use crate::workspaces::api::place;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_workspace_settings, update_workspace_settings))
}

/// What a workspace decides for itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkspaceSettingsOut {
    /// What an invitation makes somebody that names no role.
    #[schema(value_type = String)]
    default_role: Role,
    /// For how many days an invitation can be accepted.
    invitation_days: i64,
    /// Null where nobody changed anything yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Time>,
    /// Rises with each change; `ETag` and `If-Match` speak of it.
    revision: i64,
    #[serde(skip)]
    workspace: WorkspaceId,
}

impl WorkspaceSettingsOut {
    fn new(choices: &Choices, workspace: WorkspaceId) -> Self {
        let Choices { post, invitation_days, updated_at, revision } = choices;
        Self {
            default_role: post.role,
            invitation_days: *invitation_days,
            updated_at: *updated_at,
            revision: *revision,
            workspace,
        }
    }
}

impl Thing for WorkspaceSettingsOut {
    fn id(&self) -> String {
        self.workspace.to_string()
    }

    fn version(&self) -> i64 {
        self.revision
    }

    fn path(&self) -> String {
        format!("/api/v1/workspaces/{}/settings", self.workspace)
    }
}

/// What may be changed of the settings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceSettingsPatch {
    /// `owner`, `admin`, `member`, `viewer`, or the id of a role of the workspace.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, example = "member", max_length = 40)]
    default_role: Field<String>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, nullable = false, minimum = 1, maximum = 60)]
    invitation_days: Field<i64>,
}

impl WorkspaceSettingsPatch {
    fn wanted(&self) -> Wanted {
        Wanted {
            default_role: self.default_role.as_set().cloned(),
            invitation_days: self.invitation_days.as_set().copied(),
        }
    }
}

impl Check for WorkspaceSettingsPatch {
    fn check(&self, problems: &mut Problems) {
        let empty = [
            ("/default_role", self.default_role == Field::Empty),
            ("/invitation_days", self.invitation_days == Field::Empty),
        ];
        for (path, _) in empty.iter().filter(|(_, empty)| *empty) {
            problems.add(path, "required", "cannot be emptied");
        }
        if self.invitation_days.as_set().is_some_and(|days| !(1..=DAYS_MAX).contains(days)) {
            problems.add("/invitation_days", "range", format!("must be between 1 and {DAYS_MAX}"));
        }
    }
}

/// What the workspace decided for itself.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/settings", tag = "workspaces",
    operation_id = "get_workspace_settings",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The settings.", body = WorkspaceSettingsOut)))]
async fn get_workspace_settings(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_READ)?;
    view.one(place, |rx, inst, place| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            Ok(Some(WorkspaceSettingsOut::new(&store::get(rx, &scope).await?, place.workspace)))
        })
    })
    .await
}

/// Changes what the workspace decided for itself.
#[utoipa::path(patch, path = "/api/v1/workspaces/{id}/settings", tag = "workspaces",
    operation_id = "update_workspace_settings",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = WorkspaceSettingsPatch,
    responses((status = 200, description = "The settings as they are now.", body = WorkspaceSettingsOut)))]
async fn update_workspace_settings(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(patch): Json<WorkspaceSettingsPatch>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_WRITE)?;
    let identity = place.identity.clone();
    let reply = commit
        .updated(place, patch, |tx, inst, change: &Change<Place, WorkspaceSettingsPatch>| {
            Box::pin(async move {
                let place = &change.id;
                let (scope, held) = enter(tx, inst, place).await?;
                let now = store::get(tx, &scope).await?;
                change.admit(now.revision)?;
                let grant = (&place.identity.roles, &held);
                let new = ops::change(tx, &scope, grant, now, &change.body.wanted()).await?;
                Ok(WorkspaceSettingsOut::new(&new, place.workspace))
            })
        })
        .await;
    identity.callers.forget();
    reply
}
