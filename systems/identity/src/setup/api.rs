//! Setup over HTTP. The plain form of it is among the pages.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use types::{Installation, Problems, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Check, Json, Reply, Result, View};

use super::ops;
use crate::people::{Email, check_line, check_password_of};
use crate::workspaces::NAME_MAX;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_setup))
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetupIn {
    /// From the setup link that the terminal shows.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) token: String,
    #[schema(format = Email, max_length = 254)]
    pub(crate) email: String,
    #[schema(format = Password, min_length = 12, max_length = 128)]
    pub(crate) password: String,
    /// The name of the first workspace.
    #[schema(min_length = 1, max_length = 80)]
    pub(crate) workspace: String,
}

impl Check for SetupIn {
    fn check(&self, problems: &mut Problems) {
        Email::check("/email", &self.email, problems);
        check_password_of("/password", &self.password, &self.email, problems);
        check_line("/workspace", &self.workspace, NAME_MAX, problems);
    }
}

/// What setup made. Sign in with `POST /api/v1/auth/token`.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetupOut {
    /// The administrator.
    person_id: String,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    /// The slug of the workspace.
    workspace_slug: String,
}

/// Makes the first administrator and their workspace. Works once.
#[utoipa::path(post, path = "/api/v1/setup", tag = "setup", operation_id = "create_setup",
    request_body = SetupIn,
    responses((status = 201, description = "Set up.", body = SetupOut),
              (status = 403, description = "The token does not work."),
              (status = 409, description = "There is an administrator already.")))]
async fn create_setup(
    State(app): State<App>,
    view: View<Installation>,
    Json(body): Json<SetupIn>,
) -> Result<Reply> {
    let (person, workspace) = ops::perform(&app, view.ground(), &body).await?;
    let out = SetupOut {
        person_id: person.to_string(),
        workspace_id: workspace.id,
        workspace_slug: workspace.slug,
    };
    Ok(Reply::json(StatusCode::CREATED, &out)?.no_store())
}
