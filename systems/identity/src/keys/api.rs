//! API keys over HTTP.

use axum::extract::State;
use query::{Kind, Page, SortColumn, SortField, SortFields};
use serde::{Deserialize, Serialize};
use types::{Installation, PersonId, Problems, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Check, Commit, Json, ListShape, Path, Reply, Result, Thing, View};

use super::model::{ApiKeyId, ApiKeyRow, DAYS_MAX, NAME_MAX};
use super::ops::{self, Maker};
use super::{origins, store};
use crate::Identity;
use crate::people::check_line;
use crate::service_accounts::ServiceAccountId;
use crate::workspaces::limits::Allowed;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_api_keys, create_api_key)).routes(routes!(delete_api_key))
}

const MOST_PERMISSIONS: usize = 100;

pub(crate) const SHAPE: ListShape = ListShape {
    sort: SortFields {
        fields: &[
            SortField { name: "created_at", columns: &[SortColumn::new("k.created_at", Kind::Int)] },
            SortField { name: "name", columns: &[SortColumn::new("k.name", Kind::Text)] },
            SortField { name: "id", columns: &[SortColumn::new("k.id", Kind::Id)] },
        ],
        default: "-created_at,-id",
        tie: SortColumn::new("k.id", Kind::Id),
    },
    filters: &[],
};

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyIn {
    /// What it is for; a timeline shows it.
    #[schema(min_length = 1, max_length = 80)]
    pub(crate) name: String,
    /// Names of permissions. Nobody can give one that they do not hold.
    #[schema(min_items = 1, max_items = 100)]
    pub(crate) permissions: Vec<String>,
    /// Days until it expires; without it, never.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    pub(crate) expires_in_days: Option<u32>,
    /// Makes a key of the operator's: it works in every workspace, and each request must name one.
    #[serde(default)]
    pub(crate) all_workspaces: bool,
    /// Makes a key of a service account of the workspace, which may at most what that account may.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false)]
    pub(crate) service_account_id: Option<ServiceAccountId>,
    /// Makes a publishable key: no secret, counts only in web pages of these origins, and may only what is publishable.
    #[serde(default)]
    #[schema(nullable = false, min_items = 1, max_items = 20)]
    pub(crate) origins: Option<Vec<String>>,
}

impl Check for ApiKeyIn {
    fn check(&self, problems: &mut Problems) {
        check_line("/name", &self.name, NAME_MAX, problems);
        check_permissions(&self.permissions, problems);
        if let Some(listed) = &self.origins {
            origins::check("/origins", listed, problems);
        }
        let kinds = [self.all_workspaces, self.service_account_id.is_some(), self.origins.is_some()];
        if kinds.into_iter().filter(|asked| *asked).count() > 1 {
            let message = "a key is the operator's, a service account's or publishable, not two of these";
            problems.add("", "contradiction", message);
        }
        if self.expires_in_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            problems.add("/expires_in_days", "out_of_range", format!("must be between 1 and {DAYS_MAX}"));
        }
    }
}

/// Adds what is wrong with a list of permissions, whatever they are.
pub(crate) fn check_permissions(permissions: &[String], problems: &mut Problems) {
    if permissions.is_empty() {
        problems.add("/permissions", "required", "without any permission it is of no use");
    } else if permissions.len() > MOST_PERMISSIONS {
        problems.add("/permissions", "too_long", format!("must be at most {MOST_PERMISSIONS}"));
    }
}

/// An API key.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyOut {
    #[schema(value_type = String)]
    id: ApiKeyId,
    name: String,
    /// The part of its text before the dot, to recognise it by.
    prefix: String,
    /// The whole text. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    api_key: Option<String>,
    /// Where it works; null for a key of the operator's.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    permissions: Vec<String>,
    /// Who made it. It never may more than they, unless it is of a service account or publishable.
    #[schema(value_type = String)]
    created_by: PersonId,
    /// The service account that it acts for.
    #[schema(value_type = Option<String>)]
    service_account_id: Option<ServiceAccountId>,
    /// The pages that a publishable key counts in; null for a secret one.
    origins: Option<Vec<String>>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// To the minute, or as `identity.api_key_touch` says.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Time>,
    /// The address it was used from then.
    last_used_ip: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Time>,
}

impl Thing for ApiKeyOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        1 + i64::from(self.revoked_at.is_some())
    }

    fn path(&self) -> String {
        format!("/api/v1/auth/api-keys/{}", self.id)
    }
}

impl ApiKeyOut {
    pub(crate) fn new(row: ApiKeyRow, api_key: Option<String>) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            api_key,
            workspace_id: row.workspace,
            permissions: row.permissions,
            created_by: row.person,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            last_used_ip: row.last_used_ip,
            service_account_id: row.account,
            origins: row.origins,
            revoked_at: row.revoked_at,
        }
    }
}

/// A body together with who sent it.
struct Wish {
    maker: Maker,
    body: ApiKeyIn,
}

impl Check for Wish {
    fn check(&self, problems: &mut Problems) {
        self.body.check(problems);
    }
}

/// One's own keys in the workspace; with `api_keys:manage` everybody's; with `operator_keys:manage` the operator's too.
#[utoipa::path(get, path = "/api/v1/auth/api-keys", tag = "auth", operation_id = "list_api_keys",
    params(query::ListParams),
    responses((status = 200, description = "A page of keys, revoked ones too.", body = Page<ApiKeyOut>)))]
async fn list_api_keys(State(app): State<App>, caller: Caller, view: View<Installation>) -> Result<Reply> {
    let maker =
        Maker { identity: app.extension::<Identity>()?, caller, allowed: Allowed::by(app.settings()) };
    if let Some(closed) = maker.caller.closed.filter(|closed| !closed.may_be_read()) {
        return Err(closed.refusal().into());
    }
    let (list, _) = view.asked(&SHAPE)?;
    view.body((maker.sees()?, list), |rx, inst, (seen, list)| {
        Box::pin(async move {
            let page = store::page(rx, inst, *seen, list).await?;
            Ok(page.map(|row| ApiKeyOut::new(row, None)))
        })
    })
    .await
}

/// Makes a key. Its text is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/auth/api-keys", tag = "auth", operation_id = "create_api_key",
    request_body = ApiKeyIn,
    responses((status = 201, description = "The key, with its text in `api_key`.", body = ApiKeyOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = ApiKeyOut)))]
async fn create_api_key(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Json(body): Json<ApiKeyIn>,
) -> Result<Reply> {
    let maker =
        Maker { identity: app.extension::<Identity>()?, caller, allowed: Allowed::by(app.settings()) };
    commit
        .issued(Wish { maker, body }, |tx, inst, wish| {
            Box::pin(async move {
                let (row, text) = ops::create(tx, inst, &wish.maker, &wish.body).await?;
                Ok(ApiKeyOut::new(row, Some(text)))
            })
        })
        .await
}

/// Revokes a key. It stays in the list.
#[utoipa::path(delete, path = "/api/v1/auth/api-keys/{id}", tag = "auth", operation_id = "delete_api_key",
    params(("id" = String, Path, description = "The key's id.")),
    responses((status = 204, description = "Revoked, now or before.")))]
async fn delete_api_key(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<ApiKeyId>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let maker = Maker { identity: identity.clone(), caller, allowed: Allowed::by(app.settings()) };
    let reply = commit
        .deleted((maker, id), |tx, inst, change| {
            Box::pin(async move {
                let (maker, id) = &change.id;
                let key = ops::revoke(tx, inst, maker, *id).await?;
                change.admit(1 + i64::from(key.revoked_at.is_some()))
            })
        })
        .await;
    identity.callers.forget();
    reply
}
