//! Passkeys over HTTP: listed, renamed, removed. Making one is in `api_register`, signing in with one in `api_sign_in`.

use axum::extract::State;
use query::{Page, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, Installation, PersonId, Problems, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Field, Json, ListShape, Path, Reply, Result, Thing, View};

use super::model::{NAME_MAX, PasskeyId, PasskeyRow};
use super::{ops, store};
use crate::people::check_line;
use crate::sso::SsoSettings;
use crate::{Identity, sessions};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_passkeys)).routes(routes!(update_passkey, delete_passkey))
}

const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &[] };

/// A passkey.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasskeyOut {
    #[schema(value_type = String, example = "pky_01j9z3k4m5n6p7q8r9s0t1v2w3")]
    id: PasskeyId,
    name: String,
    /// Whether the authenticator copies it to the person's other devices.
    is_synced: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Time>,
    #[serde(skip)]
    version: i64,
}

impl From<PasskeyRow> for PasskeyOut {
    fn from(row: PasskeyRow) -> Self {
        let PasskeyRow { id, name, is_synced, created_at, last_used_at, version, .. } = row;
        Self { id, name, is_synced, created_at, last_used_at, version }
    }
}

impl Thing for PasskeyOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/auth/passkeys/{}", self.id)
    }
}

/// What may be changed of a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 60)]
    name: Field<String>,
}

impl Check for PasskeyPatch {
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

/// The passkeys of the person.
#[utoipa::path(get, path = "/api/v1/auth/passkeys", tag = "auth", operation_id = "list_passkeys",
    params(query::ListParams),
    responses((status = 200, description = "A page of passkeys.", body = Page<PasskeyOut>)))]
async fn list_passkeys(caller: Caller, view: View<Installation>) -> Result<Reply> {
    let (person, _) = sessions::own(&caller)?;
    let (list, _) = view.asked(&SHAPE)?;
    view.body((person, list), |rx, inst, (person, list)| {
        Box::pin(async move { Ok(store::page(rx, inst, *person, list).await?.map(PasskeyOut::from)) })
    })
    .await
}

/// Renames a passkey.
#[utoipa::path(patch, path = "/api/v1/auth/passkeys/{id}", tag = "auth", operation_id = "update_passkey",
    params(("id" = String, Path, description = "The passkey's id.")),
    request_body = PasskeyPatch,
    responses((status = 200, description = "The passkey as it is now.", body = PasskeyOut)))]
async fn update_passkey(
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<PasskeyId>,
    Json(patch): Json<PasskeyPatch>,
) -> Result<Reply> {
    let (person, _) = sessions::own(&caller)?;
    commit
        .updated((person, id), patch, |tx, inst, change: &Change<(PersonId, PasskeyId), PasskeyPatch>| {
            Box::pin(async move {
                let (person, id) = change.id;
                let now = store::of_person(tx, inst, person, id).await?.ok_or_else(Error::not_found)?;
                change.admit(now.version)?;
                let Some(name) =
                    change.body.name.as_set().map(|name| name.trim()).filter(|name| *name != now.name)
                else {
                    return Ok(PasskeyOut::from(now));
                };
                store::rename(tx, inst, id, name).await?;
                let row = store::of_person(tx, inst, person, id).await?;
                row.map(PasskeyOut::from).ok_or_else(Error::not_found)
            })
        })
        .await
}

/// Removes a passkey. Delete it in the device as well, which nobody but its owner can do. The last way to sign in stays.
#[utoipa::path(delete, path = "/api/v1/auth/passkeys/{id}", tag = "auth", operation_id = "delete_passkey",
    params(("id" = String, Path, description = "The passkey's id.")),
    responses((status = 204, description = "It opens nothing any more."),
              (status = 409, description = "Nobody could sign in to the account any more.")))]
async fn delete_passkey(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<PasskeyId>,
) -> Result<Reply> {
    let (person, _) = sessions::own(&caller)?;
    let file = app.settings().get::<SsoSettings>();
    let reply = commit
        .deleted((file, person, id), |tx, inst, change| {
            Box::pin(async move {
                let (file, person, id) = &change.id;
                let row = store::of_person(tx, inst, *person, *id).await?.ok_or_else(Error::not_found)?;
                change.admit(row.version)?;
                ops::remove(tx, inst, file, &row).await
            })
        })
        .await;
    app.extension::<Identity>()?.callers.forget();
    reply
}
