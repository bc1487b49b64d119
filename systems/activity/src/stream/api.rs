//! Opening a stream.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use http::HeaderMap;
use journal::EventId;
use types::{Error, Scope};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Client, Credential, Result, View};

use super::model::Message;
use crate::ActivitySettings;
use crate::listeners::{Listener, Places, Proof, Standing};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back.
const COME_BACK: Duration = Duration::from_secs(2);

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
) -> Result<impl IntoResponse> {
    let app = view.app().clone();
    let scope: Scope = view.ground().clone();
    let since = last_event_id(&headers)?;
    let proof = Proof {
        client,
        credential: Arc::new(move || {
            Credential::read(&headers)?
                .ok_or_else(|| Error::unauthenticated("not_signed_in", "Sign in first."))
        }),
    };
    let settings = app.settings().get::<ActivitySettings>();
    let places: Arc<Places> = app.extension()?;
    let place = places.take(&caller.principal, settings.streams_per_caller, settings.streams)?;
    let standing = Standing::begin(&app, &scope, &caller, proof);
    let listener = Listener::begin(app, scope, standing, since, place).await?;
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keepalive");
    let sse = Sse::new(frames(listener)).keep_alive(keep_alive);
    Ok(([("cache-control", "no-store"), ("x-accel-buffering", "no")], sse))
}

/// A first comment, so that a client knows at once that it is connected, then the events.
fn frames(listener: Listener) -> impl Stream<Item = Result<Frame, Infallible>> + Send {
    let hello = Frame::default().retry(COME_BACK).comment("connected");
    let events = stream::unfold(listener, |mut listener| async move {
        let change = listener.next().await.ok()?;
        // Ids, types and numbers: there is nothing in a message that JSON could refuse.
        let data = serde_json::to_string(&Message::from(&*change)).ok()?;
        let frame = Frame::default().id(change.id.to_string()).event(&change.kind).data(data);
        Some((frame, listener))
    });
    stream::once(std::future::ready(hello)).chain(events).map(Ok)
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
