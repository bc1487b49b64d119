//! Who am I: the profile of whoever asks, where they belong, and what they may do.

use std::sync::Arc;

use axum::extract::State;
use db::Read;
use serde::{Deserialize, Serialize};
use types::{ActorKind, Error, Installation, Problems, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Field, Json, Reply, Result, Thing, View};

use super::model::{NAME_MAX, check_line};
use super::{ops, store};
use crate::callers::person_of;
use crate::workspaces::{Membership, Role, members};
use crate::{Identity, secrets};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_me, update_me))
}

/// Whoever asks: a person, or an API key.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeOut {
    /// Of the person or of the key.
    id: String,
    /// `person` or `key`.
    kind: &'static str,
    /// The address as it was typed; null for a key.
    email: Option<String>,
    name: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Time>,
    /// The workspace of this request.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// What the caller may do in that workspace.
    permissions: Vec<&'static str>,
    /// What the caller may do over the installation.
    installation_permissions: Vec<&'static str>,
    /// Everywhere the person belongs, the default first. Empty for a key.
    memberships: Vec<MembershipOut>,
}

/// A workspace by all its names.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkspaceRef {
    #[schema(value_type = String)]
    id: WorkspaceId,
    slug: String,
    name: String,
}

/// Somewhere the person belongs.
#[derive(Serialize, ToSchema)]
pub(crate) struct MembershipOut {
    workspace: WorkspaceRef,
    /// `owner`, `admin`, `member`, `viewer`, or the id of a role of the workspace.
    #[schema(value_type = String)]
    role: Role,
    /// Whether requests that name no workspace go here.
    is_default: bool,
    /// Whether the workspace keeps sessions without a second factor out.
    require_second_factor: bool,
}

impl From<Membership> for MembershipOut {
    fn from(membership: Membership) -> Self {
        let Membership { workspace, slug, name, post, is_default, require_second_factor, .. } = membership;
        Self {
            workspace: WorkspaceRef { id: workspace, slug, name },
            role: post.role,
            is_default,
            require_second_factor,
        }
    }
}

impl Thing for MeOut {
    fn id(&self) -> String {
        self.id.clone()
    }

    /// Much of it changes without the person changing, so its version is made of what it says.
    fn version(&self) -> i64 {
        let text = serde_json::to_string(self).unwrap_or_default();
        let hash = secrets::hash(&text);
        hash[..8].iter().fold(0, |version, byte| (version << 8) | i64::from(*byte)) & i64::MAX
    }

    fn path(&self) -> String {
        "/api/v1/auth/me".to_owned()
    }
}

/// What somebody may change of their own profile.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MePatch {
    /// What others see.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 120)]
    pub(crate) name: Field<String>,
}

impl Check for MePatch {
    fn check(&self, problems: &mut Problems) {
        match &self.name {
            Field::Keep => {}
            Field::Empty => {
                problems.add("/name", "required", "cannot be emptied");
            }
            Field::Set(name) => check_line("/name", name, NAME_MAX, problems),
        }
    }
}

/// Who asks, with what the gate found of them.
struct Asker {
    identity: Arc<Identity>,
    caller: Caller,
}

impl Asker {
    async fn me(&self, rx: &mut Read, inst: &Installation) -> types::Result<MeOut> {
        let Self { identity, caller } = self;
        let mut me = MeOut {
            id: caller.principal.to_string(),
            kind: ActorKind::Key.as_str(),
            email: None,
            name: caller.actor.label.to_string(),
            created_at: None,
            updated_at: None,
            workspace_id: caller.workspace,
            permissions: identity.roles.held(&caller.rights, false),
            installation_permissions: identity.roles.held(&caller.installation, true),
            memberships: Vec::new(),
        };
        let Some(person) = person_of(caller) else { return Ok(me) };
        let row = store::get(rx, inst, person).await?.ok_or_else(Error::not_found)?;
        let memberships = members::store::of_person(rx, inst, person).await?;
        me.kind = ActorKind::Person.as_str();
        me.email = Some(row.email);
        me.name = row.name;
        me.created_at = Some(row.created_at);
        me.updated_at = Some(row.updated_at);
        me.memberships = memberships.into_iter().map(Into::into).collect();
        Ok(me)
    }
}

/// The profile of whoever asks, where they belong, and what they may do.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", operation_id = "get_me",
    responses((status = 200, description = "The caller.", body = MeOut)))]
async fn get_me(State(app): State<App>, caller: Caller, view: View<Installation>) -> Result<Reply> {
    let asker = Asker { identity: app.extension::<Identity>()?, caller };
    view.one(asker, |rx, inst, asker| Box::pin(async move { asker.me(rx, inst).await.map(Some) })).await
}

/// Changes one's own profile.
#[utoipa::path(patch, path = "/api/v1/auth/me", tag = "auth", operation_id = "update_me",
    request_body = MePatch,
    responses((status = 200, description = "The caller as they are now.", body = MeOut)))]
async fn update_me(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Json(patch): Json<MePatch>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let asker = Asker { identity: identity.clone(), caller };
    let reply = commit
        .updated(asker, patch, |tx, inst, change: &Change<Asker, MePatch>| {
            Box::pin(async move {
                let asker = &change.id;
                let person = person_of(&asker.caller).ok_or_else(|| {
                    Error::forbidden("person_needed", "An API key has no profile to change.")
                })?;
                let now = asker.me(tx, inst).await?;
                change.admit(now.version())?;
                match change.body.name.as_set() {
                    Some(name) if name.trim() != now.name => {
                        ops::rename(tx, inst, person, name.trim()).await?;
                        asker.me(tx, inst).await
                    }
                    _ => Ok(now),
                }
            })
        })
        .await;
    identity.callers.forget();
    reply
}
