//! The limits of any workspace for the operator, over HTTP.

use axum::extract::State;
use serde::Deserialize;
use types::{Installation, Problems, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Check, Commit, Field, Json, Path, Reply, Result, View};

use super::ops;
use crate::Identity;
use crate::workspaces::limits::{self, Allowed, Name};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_any_workspace_limits, update_any_workspace_limits))
}

/// How much a workspace may have. `null` leaves it to the settings of the installation again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsPatch {
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    members: Field<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    api_keys: Field<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    custom_roles: Field<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    pending_invitations: Field<i64>,
    /// Of all its callers together.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    requests_a_minute: Field<i64>,
}

impl LimitsPatch {
    fn fields(&self) -> [(Name, &Field<i64>); 5] {
        [
            (Name::Members, &self.members),
            (Name::ApiKeys, &self.api_keys),
            (Name::Roles, &self.custom_roles),
            (Name::Invitations, &self.pending_invitations),
            (Name::Requests, &self.requests_a_minute),
        ]
    }

    /// What was sent, and nothing else.
    fn wanted(&self) -> Vec<(Name, Option<i64>)> {
        let sent = self.fields().into_iter().filter(|(_, field)| !field.is_keep());
        sent.map(|(name, field)| (name, field.as_set().copied())).collect()
    }
}

impl Check for LimitsPatch {
    fn check(&self, problems: &mut Problems) {
        for (name, field) in self.fields() {
            if field.as_set().is_some_and(|value| !(0..=i64::from(u32::MAX)).contains(value)) {
                problems.add(&format!("/{}", name.as_str()), "range", "must be from 0 to 4294967295");
            }
        }
    }
}

async fn shown(app: &App, inst: &Installation, id: WorkspaceId) -> Result<limits::api::LimitsOut> {
    let args = (inst.clone(), id, Allowed::by(app.settings()));
    let read = app.db().snapshot(args, |rx, (inst, id, allowed)| {
        Box::pin(async move {
            let (scope, _) = ops::find(rx, inst, *id).await?;
            limits::ops::all(rx, &scope, allowed).await
        })
    });
    Ok(limits::api::LimitsOut::counted(read.await?, app, id).await)
}

/// How much any workspace may have, and has.
#[utoipa::path(get, path = "/api/v1/installation/workspaces/{id}/limits", tag = "workspaces",
    operation_id = "get_any_workspace_limits",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "Every limit.", body = limits::api::LimitsOut)))]
async fn get_any_workspace_limits(
    State(app): State<App>,
    view: View<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let limits = shown(&app, view.ground(), id).await?;
    view.answer(&limits)
}

/// Sets how much a workspace may have. What it has beyond that stays; nothing is added.
#[utoipa::path(patch, path = "/api/v1/installation/workspaces/{id}/limits", tag = "workspaces",
    operation_id = "update_any_workspace_limits",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = LimitsPatch,
    responses((status = 200, description = "Every limit as it is now.", body = limits::api::LimitsOut)))]
async fn update_any_workspace_limits(
    State(app): State<App>,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(patch): Json<LimitsPatch>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let args = Wanted { id, allowed: Allowed::by(app.settings()), patch };
    let reply = commit
        .done(args, |tx, inst, Wanted { id, allowed, patch }| {
            Box::pin(async move {
                let (scope, _) = ops::find(tx, inst, *id).await?;
                patch.validate()?;
                limits::ops::set(tx, &scope, &patch.wanted()).await?;
                let limits = limits::ops::all(tx, &scope, allowed).await?;
                Ok(limits::api::LimitsOut { limits })
            })
        })
        .await;
    identity.callers.forget();
    reply
}

struct Wanted {
    id: WorkspaceId,
    allowed: Allowed,
    patch: LimitsPatch,
}

impl Check for Wanted {
    fn check(&self, _: &mut Problems) {}
}
