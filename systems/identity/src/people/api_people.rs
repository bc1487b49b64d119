//! People as an operator sees them: who there is, and who may sign in.

use axum::extract::State;
use http::StatusCode;
use query::{Kind, ListParams, Page, SortColumn, SortField, SortFields};
use serde::Serialize;
use types::{Error, Installation, PersonId, Rights, Time};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Commit, ListShape, Path, Reply, Result, Thing, View};

use super::model::{PersonRow, Status, email_key};
use super::store::{self, Narrow};
use super::{ops, ops_links};
use crate::Identity;
use crate::leaving;
use crate::settings::IdentitySettings;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_people))
        .routes(routes!(get_person, delete_person))
        .routes(routes!(deactivate_person))
        .routes(routes!(reactivate_person))
        .routes(routes!(create_reset_link))
}

const SHAPE: ListShape = ListShape {
    sort: SortFields {
        fields: &[
            SortField { name: "created_at", columns: &[SortColumn::new("created_at", Kind::Int)] },
            SortField { name: "name", columns: &[SortColumn::new("name", Kind::Text)] },
            SortField { name: "email", columns: &[SortColumn::new("email_key", Kind::Text)] },
            SortField { name: "id", columns: &[SortColumn::new("id", Kind::Id)] },
        ],
        default: "-created_at,-id",
        tie: SortColumn::new("id", Kind::Id),
    },
    filters: &["status", "email"],
};

/// What narrows the list; each has to be equal.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only describes the parameters; they are read by name")]
struct PersonFilter {
    /// `active`, `deactivated`, `leaving` or `deleted`.
    status: Option<String>,
    /// The address, whole; case does not matter.
    email: Option<String>,
}

/// A person.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonOut {
    #[schema(value_type = String)]
    id: PersonId,
    /// Null once the account is deleted.
    email: Option<String>,
    name: String,
    status: Status,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// When the account ends, for somebody who is leaving.
    #[schema(value_type = Option<String>, format = DateTime)]
    deletes_at: Option<Time>,
    #[serde(skip)]
    version: i64,
}

impl From<PersonRow> for PersonOut {
    fn from(row: PersonRow) -> Self {
        let PersonRow { id, email, name, status, created_at, updated_at, version, leaves_at, .. } = row;
        let email = Some(email).filter(|email| !email.is_empty());
        Self { id, email, name, status, created_at, updated_at, deletes_at: leaves_at, version }
    }
}

impl Thing for PersonOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/people/{}", self.id)
    }
}

/// A link that sets somebody's password. It is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResetLinkOut {
    /// Hand it to the person, and to nobody else.
    pub(crate) link: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Time,
}

/// Everybody who has an account, or had one.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", operation_id = "list_people",
    params(ListParams, PersonFilter),
    responses((status = 200, description = "A page of people.", body = Page<PersonOut>)))]
async fn list_people(view: View<Installation>) -> Result<Reply> {
    let (list, params) = view.asked(&SHAPE)?;
    let status = params.get("status").map(status).transpose()?;
    let narrow = Narrow { status, email_key: params.get("email").map(email_key) };
    view.body((narrow, list), |rx, inst, (narrow, list)| {
        Box::pin(async move { Ok(store::page(rx, inst, narrow, list).await?.map(PersonOut::from)) })
    })
    .await
}

pub(crate) fn status(text: &str) -> types::Result<Status> {
    Status::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
        Error::malformed("bad_parameter", "A person is active, deactivated, leaving or deleted.")
    })
}

/// A person.
#[utoipa::path(get, path = "/api/v1/people/{id}", tag = "people", operation_id = "get_person",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 200, description = "The person.", body = PersonOut)))]
async fn get_person(view: View<Installation>, Path(id): Path<PersonId>) -> Result<Reply> {
    view.one(id, |rx, inst, id| {
        Box::pin(async move { Ok(store::get(rx, inst, *id).await?.map(PersonOut::from)) })
    })
    .await
}

/// An operator and the person they act upon.
struct Upon {
    person: PersonId,
    held: Rights,
}

/// Whether somebody may come in.
#[derive(Clone, Copy)]
enum Door {
    Open,
    Shut,
}

/// Shuts the door on a person, or opens it; counts at once on this node.
async fn admit(app: &App, commit: Commit<Installation>, wish: (Upon, Door)) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let reply = commit
        .updated(wish, (), |tx, inst, change: &Change<(Upon, Door)>| {
            Box::pin(async move {
                let (upon, door) = &change.id;
                let row = ops::subject(tx, inst, upon.person, &upon.held).await?;
                change.admit(row.version)?;
                match door {
                    Door::Open => ops::reactivate(tx, inst, &row).await?,
                    Door::Shut => ops::deactivate(tx, inst, &row).await?,
                }
                ops::shown(tx, inst, row.id).await.map(PersonOut::from)
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Keeps a person out: every session ends, API keys stop.
#[utoipa::path(post, path = "/api/v1/people/{id}/deactivate", tag = "people", operation_id = "deactivate_person",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 200, description = "The person as they are now.", body = PersonOut),
              (status = 409, description = "Nobody would be left to administer the installation.")))]
async fn deactivate_person(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(person): Path<PersonId>,
) -> Result<Reply> {
    let upon = Upon { person, held: caller.installation };
    admit(&app, commit, (upon, Door::Shut)).await
}

/// Lets a person in again, and keeps their account if it was about to be deleted.
#[utoipa::path(post, path = "/api/v1/people/{id}/reactivate", tag = "people", operation_id = "reactivate_person",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 200, description = "The person as they are now.", body = PersonOut),
              (status = 409, description = "The account was deleted.")))]
async fn reactivate_person(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(person): Path<PersonId>,
) -> Result<Reply> {
    let upon = Upon { person, held: caller.installation };
    admit(&app, commit, (upon, Door::Open)).await
}

/// Deletes a person's account after `identity.deletion_grace`. They are told by mail, and can keep it until then.
#[utoipa::path(delete, path = "/api/v1/people/{id}", tag = "people", operation_id = "delete_person",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 204, description = "It will be deleted."),
              (status = 409, description = "Something would be left without owner or administrator.")))]
async fn delete_person(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(person): Path<PersonId>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let grace = app.settings().get::<IdentitySettings>().deletion_grace;
    let upon = Upon { person, held: caller.installation };
    let reply = commit
        .deleted((upon, grace), |tx, inst, change| {
            Box::pin(async move {
                let (upon, grace) = &change.id;
                let row = ops::subject(tx, inst, upon.person, &upon.held).await?;
                change.admit(row.version)?;
                leaving::ops::leave(tx, inst, &row, *grace).await.map(drop)
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// Makes a link that sets a person's password, for where there is no mail.
#[utoipa::path(post, path = "/api/v1/people/{id}/reset-link", tag = "people", operation_id = "create_reset_link",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 201, description = "The link, this once.", body = ResetLinkOut),
              (status = 409, description = "The person may not sign in.")))]
async fn create_reset_link(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path(person): Path<PersonId>,
) -> Result<Reply> {
    let made = ops_links::reset_link(&app, view.ground(), person, caller.installation, None).await?;
    Ok(Reply::json(StatusCode::CREATED, &made)?.no_store())
}
