//! Opening a stream.

use std::sync::Arc;

use axum::response::Response;
use futures_util::{Stream, stream};
use http::HeaderMap;
use journal::EventId;
use types::{Error, Scope};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Client, Frame, Places, Proof, Result, View};

use super::model::Message;
use crate::ActivitySettings;
use crate::listeners::{Listener, Standing};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream_events))
}

/// What happens from now on, or after `Last-Event-ID`, as Server-Sent Events.
///
/// Each message has the event's id, its type, and as data `{id, type, subject, version?}`: what changed, not to what. A
/// comment comes every 15 seconds while nothing happens. The stream ends when the caller is signed out or loses the
/// right to read, and when the server stops; come back with the id of the last message.
#[utoipa::path(get, path = "/api/v1/events/stream", tag = "events", operation_id = "stream_events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last message that arrived.")),
    responses(
        (status = 200, description = "Messages, as they come.", body = String, content_type = "text/event-stream"),
        (status = 410, description = "The journal does not reach back to that event.")))]
async fn stream_events(
    view: View,
    caller: Caller,
    Client(client): Client,
    headers: HeaderMap,
) -> Result<Response> {
    let app = view.app().clone();
    let scope: Scope = view.ground().clone();
    let since = last_event_id(&headers)?;
    let proof = Proof::of_request(client, headers);
    let settings = app.settings().get::<ActivitySettings>();
    let places: Arc<Places> = app.extension()?;
    let place = places.take(&caller.principal, settings.streams_per_caller, settings.streams)?;
    let standing = Standing::begin(&app, &caller, proof);
    let listener = Listener::begin(app, scope, standing, since, place).await?;
    Ok(web::streamed(frames(listener)))
}

fn frames(listener: Listener) -> impl Stream<Item = Frame> + Send {
    stream::unfold(listener, |mut listener| async move {
        let change = listener.next().await.ok()?;
        types::faults::point("stream.frame");
        // Ids, types and numbers: there is nothing in a message that JSON could refuse.
        let data = serde_json::to_string(&Message::from(&*change)).ok()?;
        let frame = Frame::default().id(change.id.to_string()).event(&change.kind).data(data);
        Some((frame, listener))
    })
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<EventId>, Error> {
    let Some(text) = headers.get("last-event-id") else { return Ok(None) };
    text.to_str().ok().and_then(|text| text.trim().parse().ok()).map(Some).ok_or_else(|| {
        Error::malformed("bad_header", "Last-Event-ID must be the id of an event.").at_field(
            "Last-Event-ID",
            "not_an_id",
            "must be the id of an event",
        )
    })
}
