//! Reading the feed.

use axum::extract::RawQuery;
use journal::{Event, EventId};
use query::Params;
use serde::Serialize;
use types::Error;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Reply, Result, View};

use crate::visible_kinds;

const MOST: u32 = 200;
const USUAL: u32 = 50;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_events))
}

/// From where, and how much.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only describes the parameters; they are read by name")]
struct FeedParams {
    /// The id of the last event that was read; without it, from the oldest event that is kept.
    after: Option<String>,
    /// The most events in an answer.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A part of the change feed, oldest first.
#[derive(Serialize, ToSchema)]
struct FeedOut {
    items: Vec<Event>,
    /// What to send as `after` next; null while nothing has happened.
    #[schema(value_type = Option<String>)]
    last: Option<EventId>,
    /// Whether there is more already.
    has_more: bool,
}

/// What happened after an event, oldest first.
///
/// 410 `events_expired` when the journal does not reach back to that event.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", operation_id = "list_events", params(FeedParams),
    responses(
        (status = 200, description = "What happened next.", body = FeedOut),
        (status = 410, description = "The journal does not reach back to that event.")))]
async fn list_events(view: View, caller: Caller, RawQuery(query): RawQuery) -> Result<Reply> {
    let params = Params::parse(query.as_deref().unwrap_or_default())?;
    params.only(&["after", "limit"])?;
    let limit = params.number("limit", 1, MOST)?.unwrap_or(USUAL);
    let after = params.get("after").map(event_id).transpose()?;
    let kinds = visible_kinds(view.app(), &caller.rights);
    view.body((after, limit, kinds), |rx, scope, (after, limit, kinds)| {
        Box::pin(async move {
            let mut items = journal::after(rx, scope, *after, kinds, limit + 1).await?.items;
            let has_more = items.len() > *limit as usize;
            items.truncate(*limit as usize);
            Ok(FeedOut { last: items.last().map(|event| event.id).or(*after), items, has_more })
        })
    })
    .await
}

fn event_id(text: &str) -> Result<EventId, Error> {
    text.parse().map_err(|_| {
        Error::malformed("bad_parameter", "A parameter of the query string is not valid.").at_field(
            "after",
            "not_an_id",
            "must be the id of an event",
        )
    })
}
