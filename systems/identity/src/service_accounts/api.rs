//! Service accounts over HTTP.

use axum::extract::State;
use query::{Page, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, PersonId, Problems, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Field, Json, ListShape, Path, Reply, Result, Thing, View};

use super::model::{NAME_MAX, ServiceAccountId, ServiceAccountRow};
use super::{ops, store};
use crate::Identity;
use crate::keys::{Maker, check_permissions};
use crate::people::check_line;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_service_accounts, create_service_account))
        .routes(routes!(get_service_account, update_service_account, delete_service_account))
        .routes(routes!(list_service_account_events))
}

const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &[] };

/// A service account to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceAccountIn {
    /// What the program is; a timeline shows it.
    #[schema(min_length = 1, max_length = 80)]
    pub(crate) name: String,
    /// What its keys may do at most. Nobody can give what they do not hold.
    #[schema(min_items = 1, max_items = 100)]
    pub(crate) permissions: Vec<String>,
}

impl Check for ServiceAccountIn {
    fn check(&self, problems: &mut Problems) {
        check_line("/name", &self.name, NAME_MAX, problems);
        check_permissions(&self.permissions, problems);
    }
}

/// What may be changed of a service account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceAccountPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 80)]
    pub(crate) name: Field<String>,
    /// All that its keys may do at most from now on.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, nullable = false, min_items = 1, max_items = 100)]
    pub(crate) permissions: Field<Vec<String>>,
    /// Whether its keys are refused; they work again when it is let in again.
    #[serde(default)]
    #[schema(value_type = Option<bool>, nullable = false)]
    pub(crate) disabled: Field<bool>,
}

impl Check for ServiceAccountPatch {
    fn check(&self, problems: &mut Problems) {
        let emptied = [
            ("/name", self.name == Field::Empty),
            ("/permissions", self.permissions == Field::Empty),
            ("/disabled", self.disabled == Field::Empty),
        ];
        for (path, _) in emptied.into_iter().filter(|(_, emptied)| *emptied) {
            problems.add(path, "required", "cannot be emptied");
        }
        if let Some(name) = self.name.as_set() {
            check_line("/name", name, NAME_MAX, problems);
        }
        if let Some(permissions) = self.permissions.as_set() {
            check_permissions(permissions, problems);
        }
    }
}

/// A program that the workspace lets in.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceAccountOut {
    #[schema(value_type = String, example = "sva_01j9z3k4m5n6p7q8r9s0t1v2w3")]
    id: ServiceAccountId,
    name: String,
    /// What its keys may do at most.
    permissions: Vec<String>,
    #[schema(value_type = String)]
    created_by: PersonId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// Since when its keys are refused; null when they are not.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Time>,
    #[serde(skip)]
    version: i64,
}

impl From<ServiceAccountRow> for ServiceAccountOut {
    fn from(row: ServiceAccountRow) -> Self {
        let ServiceAccountRow {
            id,
            name,
            permissions,
            created_by,
            created_at,
            updated_at,
            disabled_at,
            version,
        } = row;
        Self { id, name, permissions, created_by, created_at, updated_at, disabled_at, version }
    }
}

impl Thing for ServiceAccountOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/service-accounts/{}", self.id)
    }
}

/// A body together with who sent it.
struct Wish {
    maker: Maker,
    body: ServiceAccountIn,
}

impl Check for Wish {
    fn check(&self, problems: &mut Problems) {
        self.body.check(problems);
    }
}

fn maker(app: &App, caller: Caller) -> types::Result<Maker> {
    Ok(Maker { identity: app.extension::<Identity>()?, caller })
}

/// The service accounts of the workspace.
#[utoipa::path(get, path = "/api/v1/service-accounts", tag = "auth", operation_id = "list_service_accounts",
    params(query::ListParams),
    responses((status = 200, description = "A page of service accounts.", body = Page<ServiceAccountOut>)))]
async fn list_service_accounts(view: View) -> Result<Reply> {
    let (list, _) = view.asked(&SHAPE)?;
    view.body(list, |rx, scope, list| {
        Box::pin(async move { Ok(store::page(rx, scope, list).await?.map(ServiceAccountOut::from)) })
    })
    .await
}

/// Makes a service account. Give it a key with `POST /api/v1/auth/api-keys`.
#[utoipa::path(post, path = "/api/v1/service-accounts", tag = "auth", operation_id = "create_service_account",
    request_body = ServiceAccountIn,
    responses((status = 201, description = "The service account.", body = ServiceAccountOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = ServiceAccountOut)))]
async fn create_service_account(
    State(app): State<App>,
    caller: Caller,
    commit: Commit,
    Json(body): Json<ServiceAccountIn>,
) -> Result<Reply> {
    let wish = Wish { maker: maker(&app, caller)?, body };
    commit
        .created(wish, |tx, scope, wish| {
            Box::pin(async move {
                ops::create(tx, scope, &wish.maker, &wish.body).await.map(ServiceAccountOut::from)
            })
        })
        .await
}

/// One service account.
#[utoipa::path(get, path = "/api/v1/service-accounts/{id}", tag = "auth", operation_id = "get_service_account",
    params(("id" = String, Path, description = "The service account's id.")),
    responses((status = 200, description = "The service account.", body = ServiceAccountOut)))]
async fn get_service_account(view: View, Path(id): Path<ServiceAccountId>) -> Result<Reply> {
    view.one(id, |rx, scope, id| {
        Box::pin(async move { Ok(store::get(rx, scope, *id).await?.map(ServiceAccountOut::from)) })
    })
    .await
}

/// Renames a service account, changes what it may do, lets it in no more or again.
#[utoipa::path(patch, path = "/api/v1/service-accounts/{id}", tag = "auth", operation_id = "update_service_account",
    params(("id" = String, Path, description = "The service account's id.")),
    request_body = ServiceAccountPatch,
    responses((status = 200, description = "The service account as it is now.", body = ServiceAccountOut)))]
async fn update_service_account(
    State(app): State<App>,
    caller: Caller,
    commit: Commit,
    Path(id): Path<ServiceAccountId>,
    Json(patch): Json<ServiceAccountPatch>,
) -> Result<Reply> {
    let maker = maker(&app, caller)?;
    let identity = maker.identity.clone();
    let reply = commit
        .updated((maker, id), patch, |tx, scope, change: &Change<(Maker, ServiceAccountId), _>| {
            Box::pin(async move {
                let (maker, id) = &change.id;
                let was = store::get(tx, scope, *id).await?.ok_or_else(Error::not_found)?;
                change.admit(was.version)?;
                ops::update(tx, scope, maker, was, &change.body).await.map(ServiceAccountOut::from)
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Deletes a service account, and revokes its keys.
#[utoipa::path(delete, path = "/api/v1/service-accounts/{id}", tag = "auth", operation_id = "delete_service_account",
    params(("id" = String, Path, description = "The service account's id.")),
    responses((status = 204, description = "Deleted.")))]
async fn delete_service_account(
    State(app): State<App>,
    caller: Caller,
    commit: Commit,
    Path(id): Path<ServiceAccountId>,
) -> Result<Reply> {
    let maker = maker(&app, caller)?;
    let identity = maker.identity.clone();
    let reply = commit
        .deleted((maker, id), |tx, scope, change| {
            Box::pin(async move {
                let (maker, id) = &change.id;
                let row = store::get(tx, scope, *id).await?.ok_or_else(Error::not_found)?;
                change.admit(row.version)?;
                ops::delete(tx, scope, maker, &row).await
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// What happened to a service account.
#[utoipa::path(get, path = "/api/v1/service-accounts/{id}/events", tag = "auth", operation_id = "list_service_account_events",
    params(("id" = String, Path, description = "The service account's id."), query::ListParams),
    responses((status = 200, description = "A page of events.", body = Page<journal::Event>)))]
async fn list_service_account_events(view: View, Path(id): Path<ServiceAccountId>) -> Result<Reply> {
    view.timeline(id, |rx, scope, id| {
        Box::pin(async move { Ok(store::get(rx, scope, *id).await?.map(|row| row.id.to_string())) })
    })
    .await
}
