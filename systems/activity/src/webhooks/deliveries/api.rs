//! What was sent to a webhook, what it answered, and sending it once more.

use query::{ListParams, Page, SortFields};
use serde::Serialize;
use serde_json::Value;
use types::{Error, Time};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Commit, ListShape, Path, Reply, Result, Thing, View};

use super::model::{Attempt, DeliveryId, DeliveryRow, State};
use super::store::Narrow;
use super::{ops, store};
use crate::webhooks::model::WebhookId;
use crate::webhooks::store as webhooks;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_webhook_deliveries))
        .routes(routes!(get_webhook_delivery))
        .routes(routes!(replay_webhook_delivery))
}

const SHAPE: ListShape = ListShape { sort: SortFields::USUAL, filters: &["state", "type"] };

/// What narrows the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only describes the parameters; they are read by name")]
struct DeliveryFilter {
    /// Only those that stand so.
    state: Option<State>,
    /// Only those of this type of event.
    r#type: Option<String>,
}

/// One event on its way to a webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryOut {
    /// The `webhook-id` of everything that is sent for it.
    #[schema(value_type = String)]
    id: DeliveryId,
    #[schema(value_type = String)]
    webhook_id: WebhookId,
    /// The event; null for a test.
    event_id: Option<String>,
    /// What happened.
    #[serde(rename = "type")]
    kind: String,
    state: State,
    /// How often it was tried.
    attempts: i64,
    /// What the last attempt was answered with; null without an answer.
    status: Option<i64>,
    /// What went wrong in the last attempt.
    error: Option<String>,
    /// The body that is sent.
    #[schema(value_type = Object)]
    payload: Value,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it arrived or was given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
    #[serde(skip)]
    version: i64,
}

impl From<DeliveryRow> for DeliveryOut {
    fn from(row: DeliveryRow) -> Self {
        Self {
            payload: row.payload(),
            id: row.id,
            webhook_id: row.webhook,
            event_id: row.event.map(|event| event.to_string()),
            kind: row.kind,
            state: row.state,
            attempts: row.attempts,
            status: row.status,
            error: row.error,
            created_at: row.created_at,
            ended_at: row.ended_at,
            version: row.version,
        }
    }
}

impl Thing for DeliveryOut {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/v1/webhooks/{}/deliveries/{}", self.webhook_id, self.id)
    }
}

/// What was sent and answered. Values of your headers, signatures and what repeats a secret are masked.
#[derive(Serialize, ToSchema)]
struct AttemptOut {
    /// 1 for the first.
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    duration_ms: i64,
    /// The status of the answer; null when there was none.
    status: Option<i64>,
    error: Option<String>,
    #[schema(value_type = Object)]
    request_headers: Value,
    #[schema(value_type = Option<Object>)]
    answer_headers: Option<Value>,
    /// Its first 4,096 characters.
    answer_body: Option<String>,
}

impl From<(i64, Attempt)> for AttemptOut {
    fn from((number, attempt): (i64, Attempt)) -> Self {
        Self {
            number,
            at: attempt.at,
            duration_ms: attempt.ms,
            status: attempt.status,
            error: attempt.error,
            request_headers: attempt.request_headers,
            answer_headers: attempt.answer_headers,
            answer_body: attempt.answer_body,
        }
    }
}

/// A delivery, and what was said in each attempt.
#[derive(Serialize, ToSchema)]
struct DeliverySheet {
    #[serde(flatten)]
    delivery: DeliveryOut,
    /// The last 50, the oldest first.
    log: Vec<AttemptOut>,
}

impl Thing for DeliverySheet {
    fn id(&self) -> String {
        self.delivery.id()
    }

    fn version(&self) -> i64 {
        self.delivery.version()
    }

    fn path(&self) -> String {
        self.delivery.path()
    }
}

/// What was sent to a webhook, or is on its way, newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks",
    operation_id = "list_webhook_deliveries",
    params(("id" = String, Path, description = "The id of the webhook."), ListParams, DeliveryFilter),
    responses((status = 200, description = "A page of deliveries.", body = Page<DeliveryOut>)))]
async fn list_webhook_deliveries(view: View, Path(id): Path<WebhookId>) -> Result<Reply> {
    let (list, params) = view.asked(&SHAPE)?;
    let state = params.get("state").map(|text| State::parse(text).ok_or_else(unknown_state)).transpose()?;
    let narrow = Narrow { state, kind: params.get("type").map(str::to_owned) };
    view.body((id, list, narrow), |rx, scope, (id, list, narrow)| {
        Box::pin(async move {
            webhooks::get(rx, scope, *id).await?.ok_or_else(Error::not_found)?;
            Ok(store::page(rx, scope, *id, narrow, list).await?.map(DeliveryOut::from))
        })
    })
    .await
}

/// A delivery with the log of its attempts.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries/{delivery_id}", tag = "webhooks",
    operation_id = "get_webhook_delivery",
    params(("id" = String, Path, description = "The id of the webhook."),
        ("delivery_id" = String, Path, description = "The id of the delivery.")),
    responses((status = 200, description = "The delivery.", body = DeliverySheet)))]
async fn get_webhook_delivery(view: View, Path(ids): Path<(WebhookId, DeliveryId)>) -> Result<Reply> {
    view.one(ids, |rx, scope, (webhook, id)| {
        Box::pin(async move {
            if webhooks::get(rx, scope, *webhook).await?.is_none() {
                return Ok(None);
            }
            let found = store::get(rx, scope, *id).await?.filter(|row| row.webhook == *webhook);
            let Some(row) = found else { return Ok(None) };
            let log = store::attempts(rx, scope, *id).await?.into_iter().map(AttemptOut::from).collect();
            Ok(Some(DeliverySheet { delivery: row.into(), log }))
        })
    })
    .await
}

/// Sends a delivery that ended once more, under the same id.
///
/// 409 `delivery_pending` while it is on its way, `webhook_off` when the webhook is not enabled.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay", tag = "webhooks",
    operation_id = "replay_webhook_delivery",
    params(("id" = String, Path, description = "The id of the webhook."),
        ("delivery_id" = String, Path, description = "The id of the delivery.")),
    responses((status = 200, description = "The delivery, on its way again.", body = DeliveryOut)))]
async fn replay_webhook_delivery(commit: Commit, Path(ids): Path<(WebhookId, DeliveryId)>) -> Result<Reply> {
    commit
        .updated(ids, (), |tx, scope, change| {
            Box::pin(async move {
                let (webhook, id) = change.id;
                let webhook = webhooks::get(tx, scope, webhook).await?.ok_or_else(Error::not_found)?;
                let found = store::get(tx, scope, id).await?.filter(|row| row.webhook == webhook.id);
                change.admit(found.ok_or_else(Error::not_found)?.version)?;
                ops::replay(tx, scope, &webhook, id).await.map(DeliveryOut::from)
            })
        })
        .await
}

fn unknown_state() -> Error {
    Error::malformed("bad_parameter", "A parameter of the query string is not valid.").at_field(
        "state",
        "unknown_value",
        "must be queued, delivered or failed",
    )
}
