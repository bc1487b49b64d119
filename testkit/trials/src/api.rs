//! Trials over HTTP.

use serde::{Deserialize, Serialize};
use types::{Problems, Time, faults};
use utoipa::ToSchema;
use web::{Check, Commit, Json, Path, Reply, Result, Thing, View};

use crate::model::{LONGEST, TrialId, TrialRow};
use crate::{ops, store};

/// A trial to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialIn {
    /// Which writer asks.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) series: String,
    /// The how manyth of that writer.
    pub(crate) number: i64,
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) text: String,
    /// A job is asked for with it.
    #[serde(default)]
    pub(crate) job: bool,
    /// Everything is done, and then the commit is refused.
    #[serde(default)]
    pub(crate) refuse: bool,
}

/// A trial.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrialOut {
    #[schema(value_type = String)]
    id: TrialId,
    series: String,
    number: i64,
    text: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

impl Check for TrialIn {
    fn check(&self, problems: &mut Problems) {
        problems.text("/series", &self.series, LONGEST);
        problems.text("/text", &self.text, LONGEST);
    }
}

impl Thing for TrialOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    /// It is never changed.
    fn version(&self) -> i64 {
        1
    }

    fn path(&self) -> String {
        format!("/api/v1/trials/{}", self.id)
    }
}

impl From<TrialRow> for TrialOut {
    fn from(row: TrialRow) -> Self {
        Self {
            id: row.id,
            series: row.series,
            number: row.number,
            text: row.text,
            created_at: row.created_at,
        }
    }
}

/// Makes a trial.
#[utoipa::path(post, path = "/api/v1/trials", tag = "trials", operation_id = "create_trial",
    request_body = TrialIn,
    responses(
        (status = 201, description = "The trial.", body = TrialOut),
        (status = 200, description = "The reply to the same request, sent before.", body = TrialOut),
        (status = 409, description = "It was to be refused.")))]
pub(crate) async fn create_trial(commit: Commit, Json(asked): Json<TrialIn>) -> Result<Reply> {
    let reply = commit.created(asked, |tx, scope, asked| Box::pin(ops::create(tx, scope, asked))).await;
    faults::point("trial.committed");
    reply
}

/// One trial.
#[utoipa::path(get, path = "/api/v1/trials/{id}", tag = "trials", operation_id = "get_trial",
    params(("id" = String, Path, description = "The id of the trial.")),
    responses((status = 200, description = "The trial.", body = TrialOut)))]
pub(crate) async fn get_trial(view: View, Path(id): Path<TrialId>) -> Result<Reply> {
    view.one(id, |rx, scope, id| {
        Box::pin(async move { Ok(store::get(rx, scope, *id).await?.map(TrialOut::from)) })
    })
    .await
}
