//! Workspaces over HTTP.

use std::time::Duration;

use axum::extract::State;
use db::Tx;
use query::{Kind, Page, SortColumn, SortField, SortFields};
use serde::{Deserialize, Serialize};
use types::{Error, Installation, Permission, Problems, Scope, Time, WorkspaceId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Field, Json, ListShape, Path, Reply, Result, Thing, View};

use super::limits::Allowed;
use super::model::{NAME_MAX, WorkspaceRow, is_code, is_slug};
use super::store::{Whose, Written};
use super::{ops, store};
use crate::Identity;
use crate::callers::{Place, enter, lacking, person_of, proof_age};
use crate::people::check_line;
use crate::permissions::{WORKSPACE_MANAGE, WORKSPACE_READ, WORKSPACE_WRITE};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_workspaces, create_workspace))
        .routes(routes!(get_workspace, update_workspace))
}

pub(crate) const SHAPE: ListShape = ListShape {
    sort: SortFields {
        fields: &[
            SortField { name: "created_at", columns: &[SortColumn::new("w.created_at", Kind::Int)] },
            SortField { name: "name", columns: &[SortColumn::new("w.name", Kind::Text)] },
            SortField { name: "slug", columns: &[SortColumn::new("w.slug", Kind::Text)] },
            SortField { name: "id", columns: &[SortColumn::new("w.id", Kind::Id)] },
        ],
        default: "-created_at,-id",
        tie: SortColumn::new("w.id", Kind::Id),
    },
    filters: &[],
};

/// A workspace to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceIn {
    #[schema(min_length = 1, max_length = 80)]
    pub(crate) name: String,
    /// How addresses and headers may call it; made of the name when it is not sent.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 44, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub(crate) slug: Option<String>,
}

impl Check for WorkspaceIn {
    fn check(&self, problems: &mut Problems) {
        check_line("/name", &self.name, NAME_MAX, problems);
        if let Some(slug) = &self.slug {
            check_slug(slug, problems);
        }
    }
}

/// What may be changed of a workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspacePatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 80)]
    name: Field<String>,
    /// Whoever still uses the old one is told that there is no such workspace.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 44,
             pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Field<String>,
    /// A short name for lists and papers, that no other workspace of the installation has.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 2, max_length = 12, pattern = "^[A-Z0-9]{2,12}$")]
    code: Field<String>,
    /// Before this time the workspace answers 403 `workspace_disabled`. Needs `workspace:manage`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    enabled_from: Field<Time>,
    /// From this time on it does. Needs `workspace:manage`; only the operator can take it back afterwards.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    enabled_until: Field<Time>,
    /// Whether sessions without a second factor are kept out. Only who showed one himself can switch it on.
    #[serde(default)]
    #[schema(value_type = Option<bool>, nullable = false)]
    require_second_factor: Field<bool>,
}

impl WorkspacePatch {
    fn times(&self) -> bool {
        !(self.enabled_from.is_keep() && self.enabled_until.is_keep())
    }

    /// The workspace as it would be with this.
    pub(crate) async fn onto(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        mut now: WorkspaceRow,
        (caller, proof_age): (&Caller, Duration),
    ) -> types::Result<WorkspaceRow> {
        if let Some(required) = self.require_second_factor.as_set().copied()
            && required != now.require_second_factor
        {
            // Else whoever switches it on would be the first who is kept out.
            if required && !caller.second_factor {
                return Err(web::second_factor_needed());
            }
            // And the thief of a session, or of a key, would switch it off first.
            if !required {
                caller.proven_within(proof_age, tx.now())?;
            }
            now = ops::require_second_factor(tx, scope, required).await?;
        }
        let code = self.code.clone().onto(now.code.clone());
        let (name, slug) = (now.name.clone(), now.slug.clone());
        let new = Written {
            name: self.name.as_set().map_or(name.as_str(), |name| name.trim()),
            slug: self.slug.as_set().unwrap_or(&slug),
            code: code.as_deref(),
            enabled_from: self.enabled_from.clone().onto(now.life.enabled_from),
            enabled_until: self.enabled_until.clone().onto(now.life.enabled_until),
        };
        if new.enabled_from.zip(new.enabled_until).is_some_and(|(from, until)| from >= until) {
            let error = Error::invalid("invalid", "Some fields are not valid.");
            return Err(error.at_field("/enabled_until", "order", "must come after enabled_from"));
        }
        ops::update(tx, scope, now, &new).await
    }
}

impl Check for WorkspacePatch {
    fn check(&self, problems: &mut Problems) {
        if self.require_second_factor == Field::Empty {
            problems.add("/require_second_factor", "required", "cannot be emptied");
        }
        for (path, field) in [("/name", &self.name), ("/slug", &self.slug)] {
            if *field == Field::Empty {
                problems.add(path, "required", "cannot be emptied");
            }
        }
        if let Some(name) = self.name.as_set() {
            check_line("/name", name, NAME_MAX, problems);
        }
        if let Some(slug) = self.slug.as_set() {
            check_slug(slug, problems);
        }
        if self.code.as_set().is_some_and(|code| !is_code(code)) {
            problems.add("/code", "code", "must be 2 to 12 capital letters and digits");
        }
    }
}

pub(crate) fn check_slug(slug: &str, problems: &mut Problems) {
    if !is_slug(slug) {
        let message = "must be lower-case letters and digits with single hyphens between, at most 44";
        problems.add("/slug", "slug", message);
    }
}

/// A workspace.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkspaceOut {
    #[schema(value_type = String)]
    id: WorkspaceId,
    name: String,
    slug: String,
    code: Option<String>,
    /// `active`, or why it does not answer as usual: `archived` (nothing in it changes), `disabled` (it is not the time it is
    /// enabled for), `suspended` (by the operator), `deleted` (it will be forgotten at `delete_at`).
    state: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    enabled_from: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    enabled_until: Option<Time>,
    /// Whether its jobs wait because somebody of the workspace wants that.
    paused: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    delete_at: Option<Time>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// Whether sessions without a second factor are kept out.
    require_second_factor: bool,
    #[serde(skip)]
    version: i64,
}

impl WorkspaceOut {
    pub(crate) fn new(row: WorkspaceRow, now: Time) -> Self {
        let WorkspaceRow {
            id,
            name,
            slug,
            code,
            life,
            created_at,
            updated_at,
            version,
            require_second_factor,
        } = row;
        let (state, paused, delete_at) = (life.word(now), life.paused_at.is_some(), life.delete_at);
        let (enabled_from, enabled_until) = (life.enabled_from, life.enabled_until);
        Self {
            id,
            name,
            slug,
            code,
            state,
            enabled_from,
            enabled_until,
            paused,
            delete_at,
            created_at,
            updated_at,
            require_second_factor,
            version,
        }
    }
}

impl Thing for WorkspaceOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/workspaces/{}", self.id)
    }
}

/// Where the request wants to act: the workspace of the address.
pub(crate) fn place(
    app: &App,
    caller: Caller,
    workspace: WorkspaceId,
    permission: Permission,
) -> types::Result<Place> {
    let (identity, allowed) = (app.extension::<Identity>()?, Allowed::by(app.settings()));
    Ok(Place { identity, caller, workspace, permission, even: &[], allowed, proof_age: proof_age(app) })
}

/// The workspaces that the caller belongs to.
#[utoipa::path(get, path = "/api/v1/workspaces", tag = "workspaces", operation_id = "list_workspaces",
    params(query::ListParams),
    responses((status = 200, description = "A page of workspaces.", body = Page<WorkspaceOut>)))]
async fn list_workspaces(caller: Caller, view: View<Installation>) -> Result<Reply> {
    // A key sees the workspace it works in, as far as this request names one.
    let nowhere = WorkspaceId::from_bytes([0; 16]);
    let whose = match person_of(&caller) {
        Some(person) => Whose::Person(person),
        None => Whose::Only(caller.workspace.unwrap_or(nowhere)),
    };
    let (list, _) = view.asked(&SHAPE)?;
    view.body((whose, list), |rx, inst, (whose, list)| {
        Box::pin(async move {
            let now = rx.now();
            Ok(store::page(rx, inst, *whose, list).await?.map(|row| WorkspaceOut::new(row, now)))
        })
    })
    .await
}

/// A body together with who sent it.
struct Wish {
    caller: Caller,
    body: WorkspaceIn,
}

impl Check for Wish {
    fn check(&self, problems: &mut Problems) {
        self.body.check(problems);
    }
}

/// Makes a workspace that the caller owns.
#[utoipa::path(post, path = "/api/v1/workspaces", tag = "workspaces", operation_id = "create_workspace",
    request_body = WorkspaceIn,
    responses((status = 201, description = "The workspace.", body = WorkspaceOut),
              (status = 200, description = "The same, again, for a repeated `Idempotency-Key`.", body = WorkspaceOut)))]
async fn create_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Json(body): Json<WorkspaceIn>,
) -> Result<Reply> {
    let identity = app.extension::<Identity>()?;
    let reply = commit
        .created(Wish { caller, body }, |tx, inst, wish| {
            Box::pin(async move {
                let owner = person_of(&wish.caller).ok_or_else(|| {
                    Error::forbidden(
                        "person_needed",
                        "A workspace needs an owner. Sign in with an access token.",
                    )
                })?;
                let slug = wish.body.slug.as_deref();
                let row = ops::create(tx, inst, &wish.body.name, slug, owner).await?;
                Ok(WorkspaceOut::new(row, tx.now()))
            })
        })
        .await;
    identity.callers.forget();
    reply
}

/// One workspace that the caller belongs to.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}", tag = "workspaces", operation_id = "get_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    responses((status = 200, description = "The workspace.", body = WorkspaceOut)))]
async fn get_workspace(
    State(app): State<App>,
    caller: Caller,
    view: View<Installation>,
    Path(id): Path<WorkspaceId>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_READ)?;
    view.one(place, |rx, inst, place| {
        Box::pin(async move {
            let (scope, _) = enter(rx, inst, place).await?;
            let now = rx.now();
            Ok(store::get(rx, &scope).await?.map(|row| WorkspaceOut::new(row, now)))
        })
    })
    .await
}

/// Changes what a workspace is called, when it is enabled, and whether it asks its members for second factors.
#[utoipa::path(patch, path = "/api/v1/workspaces/{id}", tag = "workspaces", operation_id = "update_workspace",
    params(("id" = String, Path, description = "The workspace's id.")),
    request_body = WorkspacePatch,
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceOut)))]
async fn update_workspace(
    State(app): State<App>,
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<WorkspaceId>,
    Json(patch): Json<WorkspacePatch>,
) -> Result<Reply> {
    let place = place(&app, caller, id, WORKSPACE_WRITE)?;
    let identity = place.identity.clone();
    let reply = commit
        .updated(place, patch, |tx, inst, change: &Change<Place, WorkspacePatch>| {
            Box::pin(async move {
                let (scope, held) = enter(tx, inst, &change.id).await?;
                let now = store::get(tx, &scope).await?.ok_or_else(Error::not_found)?;
                change.admit(now.version)?;
                if change.body.times() && !held.hold(WORKSPACE_MANAGE) {
                    return Err(lacking(WORKSPACE_MANAGE));
                }
                let by = (&change.id.caller, change.id.proof_age);
                let row = change.body.onto(tx, &scope, now, by).await?;
                Ok(WorkspaceOut::new(row, tx.now()))
            })
        })
        .await;
    identity.callers.forget();
    reply
}
