//! One session, and another name for its device.

use db::Read;
use serde::Deserialize;
use serde_json::json;
use types::{Error, Installation, PersonId, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Change, Check, Commit, Field, Json, Path, Reply, Result, Thing as _, View};

use crate::events;
use crate::people::check_line;
use crate::sessions::api::own;
use crate::sessions::model::SessionOut;
use crate::sessions::{SessionId, store};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_session, update_session))
}

const DEVICE_MAX: usize = 80;

/// What somebody may change of a session of theirs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionPatch {
    /// What they call the device.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 80)]
    device: Field<String>,
}

impl Check for SessionPatch {
    fn check(&self, problems: &mut Problems) {
        match &self.device {
            Field::Keep => {}
            Field::Empty => {
                problems.add("/device", "required", "cannot be emptied");
            }
            Field::Set(device) => check_line("/device", device, DEVICE_MAX, problems),
        }
    }
}

/// Whose session, which one, and the one that asks.
#[derive(Clone, Copy)]
struct Wanted {
    person: PersonId,
    id: SessionId,
    current: SessionId,
}

impl Wanted {
    async fn find(&self, rx: &mut Read, inst: &Installation) -> types::Result<SessionOut> {
        let row = store::of_person(rx, inst, self.person, self.id).await?.ok_or_else(Error::not_found)?;
        Ok(SessionOut::of(row, Some(self.current)))
    }
}

/// One of the person's sessions.
#[utoipa::path(get, path = "/api/v1/auth/sessions/{id}", tag = "auth", operation_id = "get_session",
    params(("id" = String, Path, description = "The session's id.")),
    responses((status = 200, description = "The session.", body = SessionOut)))]
async fn get_session(caller: Caller, view: View<Installation>, Path(id): Path<SessionId>) -> Result<Reply> {
    let (person, current) = own(&caller)?;
    let wanted = Wanted { person, id, current };
    // What is shown of it changes with every refresh, so the tag is of all that is said.
    view.body(wanted, |rx, inst, wanted| Box::pin(async move { wanted.find(rx, inst).await })).await
}

/// Gives the device of a session another name.
#[utoipa::path(patch, path = "/api/v1/auth/sessions/{id}", tag = "auth", operation_id = "update_session",
    params(("id" = String, Path, description = "The session's id.")),
    request_body = SessionPatch,
    responses((status = 200, description = "The session as it is now.", body = SessionOut)))]
async fn update_session(
    caller: Caller,
    commit: Commit<Installation>,
    Path(id): Path<SessionId>,
    Json(patch): Json<SessionPatch>,
) -> Result<Reply> {
    let (person, current) = own(&caller)?;
    let wanted = Wanted { person, id, current };
    commit
        .updated(wanted, patch, |tx, inst, change: &Change<Wanted, SessionPatch>| {
            Box::pin(async move {
                let Wanted { person, id, .. } = change.id;
                let now = change.id.find(tx, inst).await?;
                change.admit(now.version())?;
                let Some(device) = change.body.device.as_set().map(|device| device.trim()) else {
                    return Ok(now);
                };
                store::rename(tx, inst, person, id, device).await?;
                let payload = json!({"person_id": person, "device": device});
                events::in_installation(tx, inst, events::SESSION_UPDATED, id.to_string(), payload).await?;
                change.id.find(tx, inst).await
            })
        })
        .await
}
