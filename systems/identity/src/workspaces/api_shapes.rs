//! What is sent and shown of a workspace.

use std::time::Duration;

use db::Tx;
use serde::{Deserialize, Serialize};
use types::{Error, Problems, Scope, Time, WorkspaceId};
use utoipa::ToSchema;
use web::{Caller, Check, Field, Thing};

use super::model::{NAME_MAX, WorkspaceRow, is_code, is_slug};
use super::ops;
use super::store::Written;
use crate::people::check_line;

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
    pub(super) fn times(&self) -> bool {
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
