//! Invitations over HTTP, for those who invite.

use axum::extract::State;
use query::{Kind, Page, SortColumn, SortField, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, Installation, PersonId, Problems, Time, WorkspaceId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Json, ListShape, Path, Reply, Result, Thing, View};

use super::model::{InvitationId, InvitationRow};
use super::ops::{self, Inviter, Letters};
use super::store;
use crate::callers::{Place, Wish, enter, need_person};
use crate::people::Email;
use crate::permissions::MEMBERS_MANAGE;
use crate::workspaces::api::place;
use crate::workspaces::{Role, roles, settings};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(get_invitation))
        .routes(routes!(resend_invitation))
        .routes(routes!(cancel_invitation))
}

const SHAPE: ListShape = ListShape {
    sort: SortFields {
        fields: &[
            SortField { name: "created_at", columns: &[SortColumn::new("m.created_at", Kind::Int)] },
            SortField { name: "expires_at", columns: &[SortColumn::new("m.expires_at", Kind::Int)] },
            SortField { name: "email", columns: &[SortColumn::new("m.email_key", Kind::Text)] },
            SortField { name: "id", columns: &[SortColumn::new("m.id", Kind::Id)] },
        ],
        default: "-created_at,-id",
        tie: SortColumn::new("m.id", Kind::Id),
    },
    filters: &["state"],
};

/// What narrows the list of invitations.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters")]
struct InvitationFilter {
    /// `pending`, `accepted`, `expired` or `cancelled`.
    state: Option<String>,
}

/// Somebody to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationIn {
    /// Where the mail goes. Only who has this address can accept.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// `owner`, `admin`, `member`, `viewer`, or the id of a role of the workspace; without it the workspace's default.
    #[serde(default)]
    #[schema(example = "member", max_length = 40)]
    role: Option<String>,
}

impl Check for InvitationIn {
    fn check(&self, problems: &mut Problems) {
        let email = Email::check("/email", &self.email, problems);
        if problems.is_empty() && mail::Address::new("", &email.typed).is_err() {
            problems.add("/email", "email", "must be an address that mail can be sent to");
        }
    }
}

/// An invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationOut {
    #[schema(value_type = String)]
    id: InvitationId,
    email: String,
    /// `owner`, `admin`, `member`, `viewer`, or the id of a role of the workspace.
    #[schema(value_type = String)]
    role: Role,
    /// What people call the role.
    role_name: String,
    /// `pending`, `accepted`, `expired` or `cancelled`.
    state: &'static str,
    #[schema(value_type = String)]
    invited_by: PersonId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When the mail was asked for, lately.
    #[schema(value_type = String, format = DateTime)]
    sent_at: Time,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    /// When it was accepted or cancelled.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
    #[serde(skip)]
    version: i64,
    #[serde(skip)]
    workspace: WorkspaceId,
}

impl InvitationOut {
    fn new(row: InvitationRow, now: Time) -> Self {
        let (state, role_name) = (row.word(now), row.post.label().to_owned());
        let InvitationRow {
            id,
            workspace,
            email,
            post,
            invited_by,
            created_at,
            sent_at,
            expires_at,
            ended_at,
            version,
            ..
        } = row;
        let role = post.role;
        Self {
            id,
            email,
            role,
            role_name,
            state,
            invited_by,
            created_at,
            sent_at,
            expires_at,
            ended_at,
            version,
            workspace,
        }
    }
}

impl Thing for InvitationOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    /// An expired one is another thing than a pending one, without anybody having written.
    fn version(&self) -> i64 {
        self.version * 2 + i64::from(self.state == "expired")
    }

    fn path(&self) -> String {
        format!("/api/v1/workspaces/{}/invitations/{}", self.workspace, self.id)
    }
}

/// Who was invited into the workspace.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/invitations", tag = "workspaces", operation_id = "list_invitations",
    params(("id" = String, Path, description = "The workspace's id."), query::ListParams, InvitationFilter),
    responses((status = 200, description = "A page of invitations.", body = Page<InvitationOut>)))]
async fn list_invitations(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let (list, params) = view.asked(&SHAPE)?;
    let state = params.get("state").map(str::to_owned);
    let place = place(&app, caller, id, MEMBERS_MANAGE)?;
    view.body((place, state, list), |rx, inst, (place, state, list)| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            let now = rx.now();
            let page = store::page(rx, &scope, state.as_deref(), list).await?;
            Ok(page.map(|row| InvitationOut::new(row, now)))
        })
    })
    .await
}

/// Invites somebody by mail. The answer is the same whether or not the address has an account.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/invitations", tag = "workspaces", operation_id = "create_invitation",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = InvitationIn,
    responses((status = 201, description = "The invitation.", body = InvitationOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = InvitationOut)))]
async fn create_invitation(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(body): Json<InvitationIn>,
) -> Result<Reply> {
    let wish =
        Asked { wish: place(&app, caller, id, MEMBERS_MANAGE)?.wishing(body), letters: Letters::of(&app) };
    commit
        .created(wish, |tx, inst, Asked { wish, letters }| {
            Box::pin(async move {
                let (scope, held) = wish.enter(tx, inst).await?;
                let Place { identity, caller, allowed, .. } = &wish.place;
                let inviter = Inviter { roles: &identity.roles, held: &held, person: need_person(caller)? };
                let email = Email::check("/email", &wish.body.email, &mut Problems::new());
                let post = match &wish.body.role {
                    Some(role) => roles::ops::named(tx, &scope, role).await?,
                    None => settings::store::get(tx, &scope).await?.post,
                };
                wish.place.vouch(&post, tx.now())?;
                let row = ops::create(tx, &scope, &inviter, (allowed, letters), &email, &post).await?;
                Ok(InvitationOut::new(row, tx.now()))
            })
        })
        .await
}

struct Asked<B> {
    wish: Wish<B>,
    letters: Letters,
}

impl<B> Check for Asked<B> {
    fn check(&self, _: &mut Problems) {}
}

/// One invitation.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}/invitations/{invitation_id}", tag = "workspaces",
    operation_id = "get_invitation",
    params(("id" = String, Path, description = "The workspace's id."),
           ("invitation_id" = String, Path, description = "The invitation's id.")),
    responses((status = 200, description = "The invitation.", body = InvitationOut)))]
async fn get_invitation(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path((id, invitation)): Path<(WorkspaceId, InvitationId)>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_MANAGE)?;
    view.one((place, invitation), |rx, inst, (place, invitation)| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            let now = rx.now();
            Ok(store::get(rx, &scope, *invitation).await?.map(|row| InvitationOut::new(row, now)))
        })
    })
    .await
}

/// Sends a pending or expired invitation again, with a new link; the one before works no more.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/invitations/{invitation_id}/resend", tag = "workspaces",
    operation_id = "resend_invitation",
    params(("id" = String, Path, description = "The workspace's id."),
           ("invitation_id" = String, Path, description = "The invitation's id.")),
    responses((status = 200, description = "The invitation as it is now.", body = InvitationOut)))]
async fn resend_invitation(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path((id, invitation)): Path<(WorkspaceId, InvitationId)>,
) -> Result<Reply> {
    let args = (place(&app, caller, id, MEMBERS_MANAGE)?, invitation, Letters::of(&app));
    commit
        .updated(args, (), |tx, inst, change: &Change<(Place, InvitationId, Letters)>| {
            Box::pin(async move {
                let (place, invitation, letters) = &change.id;
                let (scope, held) = enter(tx, inst, place).await?;
                let row = store::get(tx, &scope, *invitation).await?.ok_or_else(Error::not_found)?;
                change.admit(InvitationOut::new(row.clone(), tx.now()).version())?;
                let person = need_person(&place.caller)?;
                place.vouch(&row.post, tx.now())?;
                let inviter = Inviter { roles: &place.identity.roles, held: &held, person };
                let row = ops::resend(tx, &scope, &inviter, letters, row).await?;
                Ok(InvitationOut::new(row, tx.now()))
            })
        })
        .await
}

/// Takes an invitation back: its link works no more.
#[utoipa::path(post, path = "/api/v1/workspaces/{id}/invitations/{invitation_id}/cancel", tag = "workspaces",
    operation_id = "cancel_invitation",
    params(("id" = String, Path, description = "The workspace's id."),
           ("invitation_id" = String, Path, description = "The invitation's id.")),
    responses((status = 200, description = "The invitation as it is now.", body = InvitationOut)))]
async fn cancel_invitation(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path((id, invitation)): Path<(WorkspaceId, InvitationId)>,
) -> Result<Reply> {
    let place = place(&app, caller, id, MEMBERS_MANAGE)?;
    commit
        .updated((place, invitation), (), |tx, inst, change: &Change<(Place, InvitationId)>| {
            Box::pin(async move {
                let (place, invitation) = &change.id;
                let (scope, _) = enter(tx, inst, place).await?;
                let row = store::get(tx, &scope, *invitation).await?.ok_or_else(Error::not_found)?;
                change.admit(InvitationOut::new(row.clone(), tx.now()).version())?;
                let row = ops::cancel(tx, &scope, row).await?;
                Ok(InvitationOut::new(row, tx.now()))
            })
        })
        .await
}
