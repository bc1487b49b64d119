//! Invitations over HTTP, for those who are invited: looking at one and accepting it, with an account or without.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use types::{Error, Installation, Problems, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Commit, Json, Reply, Result, View};

use super::ops;
use crate::callers::need_person;
use crate::people::{self, NAME_MAX, check_line, check_password_of};
use crate::settings::{IdentitySettings, Registration};
use crate::workspaces::limits::Allowed;
use crate::{Ack, Identity, secrets};

const TOKEN_MAX: usize = 128;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(preview_invitation))
        .routes(routes!(accept_invitation))
        .routes(routes!(register_by_invitation))
}

/// The token of an invitation, from the link in its mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationTokenIn {
    #[schema(min_length = 1, max_length = 128)]
    token: String,
}

impl Check for InvitationTokenIn {
    fn check(&self, problems: &mut Problems) {
        check_token(&self.token, problems);
    }
}

fn check_token(token: &str, problems: &mut Problems) {
    if token.len() > TOKEN_MAX {
        problems.add("/token", "too_long", format!("must be at most {TOKEN_MAX}"));
    }
}

/// What an invitation is about.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewOut {
    /// The name of the workspace.
    pub(crate) workspace: String,
    /// Who invites.
    pub(crate) inviter: String,
    /// What people call the role.
    pub(crate) role_name: String,
    /// Who is invited.
    pub(crate) email: String,
    /// Whether this address has an account here: then sign in and accept; else `POST .../register`.
    pub(crate) has_account: bool,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Time,
}

/// What the invitation of a token is about, without using it up.
pub(crate) async fn preview(app: &App, inst: &Installation, token: &str) -> types::Result<PreviewOut> {
    let identity = app.extension::<Identity>()?;
    let args = (inst.clone(), identity.roles.clone(), secrets::hash(token));
    let read = app.db().snapshot(args, |rx, (inst, roles, hash)| {
        Box::pin(async move {
            let open = ops::open(rx, inst, roles, hash).await?;
            let has_account = ops::has_account(rx, inst, &open.row).await?;
            Ok(PreviewOut {
                workspace: open.workspace,
                inviter: open.inviter,
                role_name: open.row.post.label().to_owned(),
                email: open.row.email,
                has_account,
                expires_at: open.row.expires_at,
            })
        })
    });
    read.await
}

/// What the invitation of a token is about. It is not used up by looking.
#[utoipa::path(post, path = "/api/v1/auth/invitations/preview", tag = "auth", operation_id = "preview_invitation",
    request_body = InvitationTokenIn,
    responses((status = 200, description = "What it is about.", body = PreviewOut),
              (status = 403, description = "The token does not work.")))]
async fn preview_invitation(
    State(app): State<App>,
    view: View<Installation>,
    Json(body): Json<InvitationTokenIn>,
) -> Result<Reply> {
    body.validate()?;
    let out = preview(&app, view.ground(), &body.token).await?;
    Ok(Reply::ok(&out)?.no_store())
}

/// Accepts an invitation to the address of whoever is signed in.
#[utoipa::path(post, path = "/api/v1/auth/invitations/accept", tag = "auth", operation_id = "accept_invitation",
    request_body = InvitationTokenIn,
    responses((status = 200, description = "A member from now on.", body = Ack)))]
async fn accept_invitation(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Json(body): Json<InvitationTokenIn>,
) -> Result<Reply> {
    let person = need_person(&caller)?;
    let (identity, allowed) = (app.extension::<Identity>()?, Allowed::by(app.settings()));
    let roles = identity.roles.clone();
    let reply = commit
        .done(body, move |tx, inst, body: &InvitationTokenIn| {
            let roles = roles.clone();
            Box::pin(async move {
                let open = ops::open(tx, inst, &roles, &secrets::hash(&body.token)).await?;
                ops::accept(tx, inst, &allowed, &open, person).await?;
                Ok(Ack::OK)
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Somebody who is invited and has no account yet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuestIn {
    /// From the link in the mail.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) token: String,
    /// What others see.
    #[schema(min_length = 1, max_length = 120)]
    pub(crate) name: String,
    #[schema(format = Password, min_length = 12, max_length = 128)]
    pub(crate) password: String,
}

/// A new account, and where it belongs. Sign in with `POST /api/v1/auth/token`.
#[derive(Serialize, ToSchema)]
pub(crate) struct GuestOut {
    person_id: String,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
}

/// Makes an account with the invited address, and accepts. The link in the mail has proven the address.
pub(crate) async fn register(app: &App, inst: &Installation, body: &GuestIn) -> types::Result<GuestOut> {
    if app.settings().get::<IdentitySettings>().registration == Registration::Closed {
        return Err(Error::forbidden("registration_closed", "Only the operator makes accounts here."));
    }
    // The token first, so that a stranger can not make us hash.
    let seen = preview(app, inst, &body.token).await?;
    if seen.has_account {
        return Err(ops::has_one());
    }
    let mut problems = Problems::new();
    check_token(&body.token, &mut problems);
    check_line("/name", &body.name, NAME_MAX, &mut problems);
    check_password_of("/password", &body.password, &seen.email, &mut problems);
    problems.into_result()?;
    let identity = app.extension::<Identity>()?;
    let hash = identity.passwords.hash(app.tasks(), people::password_text(&body.password)).await?;
    let guest = ops::Guest {
        token_hash: secrets::hash(&body.token).to_vec(),
        name: body.name.trim().to_owned(),
        password_hash: hash,
    };
    let args = (inst.clone(), identity.roles.clone(), Allowed::by(app.settings()), guest);
    let made = app.db().write(args, |tx, (inst, roles, allowed, guest)| {
        Box::pin(ops::register(tx, inst, roles, allowed, guest))
    });
    let (person, workspace) = made.await?;
    identity.callers.forget();
    Ok(GuestOut { person_id: person.to_string(), workspace_id: workspace })
}

/// Makes an account for somebody who was invited and has none, and accepts.
#[utoipa::path(post, path = "/api/v1/auth/invitations/register", tag = "auth", operation_id = "register_by_invitation",
    request_body = GuestIn,
    responses((status = 201, description = "The account.", body = GuestOut),
              (status = 403, description = "The token does not work."),
              (status = 409, description = "The address has an account: sign in and accept.")))]
async fn register_by_invitation(
    State(app): State<App>,
    view: View<Installation>,
    Json(body): Json<GuestIn>,
) -> Result<Reply> {
    let out = register(&app, view.ground(), &body).await?;
    Ok(Reply::json(StatusCode::CREATED, &out)?.no_store())
}
