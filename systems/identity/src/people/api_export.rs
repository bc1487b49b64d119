//! What is known of somebody here, for themselves to take along.

use serde::Serialize;
use types::{Installation, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Reply, Result, View};

use super::api::MembershipOut;
use super::api_people::PersonOut;
use super::{ops, store};
use crate::keys::{self, ApiKeyRow};
use crate::sessions::api::own;
use crate::sessions::{self, SessionOut};
use crate::sso::{self, identities::SsoIdentityOut};
use crate::workspaces::members;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_me))
}

/// Everything that identity knows of a person. No secret is in it, and no hash of one.
#[derive(Serialize, ToSchema)]
struct ExportOut {
    #[schema(value_type = String, format = DateTime)]
    exported_at: Time,
    person: PersonOut,
    /// What the person may do over the installation.
    installation_rights: Vec<String>,
    memberships: Vec<MembershipOut>,
    /// Ended ones too, as long as they are kept.
    sessions: Vec<SessionOut>,
    /// Who the person is at providers.
    identities: Vec<SsoIdentityOut>,
    /// Revoked ones too.
    api_keys: Vec<ExportedKey>,
}

/// An API key of the person, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportedKey {
    pub(crate) id: String,
    pub(crate) name: String,
    /// How the key begins.
    pub(crate) prefix: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) last_used_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) revoked_at: Option<Time>,
}

impl From<ApiKeyRow> for ExportedKey {
    fn from(row: ApiKeyRow) -> Self {
        let ApiKeyRow { id, name, prefix, created_at, last_used_at, revoked_at, .. } = row;
        Self { id: id.to_string(), name, prefix, created_at, last_used_at, revoked_at }
    }
}

/// Everything that is known here of the person who asks.
///
/// What they did in workspaces belongs to those, and is read there.
#[utoipa::path(get, path = "/api/v1/auth/me/export", tag = "auth", operation_id = "export_me",
    responses((status = 200, description = "All of it.", body = ExportOut)))]
async fn export_me(caller: Caller, view: View<Installation>) -> Result<Reply> {
    let (person, session) = own(&caller)?;
    view.body((person, session), |rx, inst, (person, session)| {
        Box::pin(async move {
            let rights = store::rights(rx, inst, *person).await?;
            let memberships = members::store::of_person(rx, inst, *person).await?;
            let sessions = sessions::store::all(rx, inst, *person).await?;
            let identities = sso::identities::store::all(rx, inst, *person).await?;
            let api_keys = keys::store::all_of_person(rx, inst, *person).await?;
            Ok(ExportOut {
                exported_at: rx.now(),
                person: ops::shown(rx, inst, *person).await?.into(),
                installation_rights: rights.names().map(str::to_owned).collect(),
                memberships: memberships.into_iter().map(Into::into).collect(),
                sessions: sessions.into_iter().map(|row| SessionOut::of(row, Some(*session))).collect(),
                identities: identities.into_iter().map(Into::into).collect(),
                api_keys: api_keys.into_iter().map(Into::into).collect(),
            })
        })
    })
    .await
}
