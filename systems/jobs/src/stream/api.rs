//! Opening the stream.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, StatusCode};
use queue::JobId;
use types::Error;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Client, Path, Result, Standing, View};

use super::Places;
use super::ops::Follower;
use crate::READ;
use crate::model::LineOut;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back.
const COME_BACK: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream_job_events))
}

/// The lines of a job's log, from the first one or after `Last-Event-ID`, as Server-Sent Events, as they come.
///
/// Each message has the line's number as its id, the line's type, and the line as data. The stream ends when the job has
/// ended and its last line was sent; whoever comes back then is answered 204, which tells a browser to stay away.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/events/stream", tag = "jobs", operation_id = "stream_job_events",
    params(("id" = String, Path, description = "The id of the job."),
        ("Last-Event-ID" = Option<i64>, Header, description = "The number of the last line that arrived.")),
    responses(
        (status = 200, description = "Lines, as they come.", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended, and there is nothing more.")))]
async fn stream_job_events(
    view: View,
    caller: Caller,
    Client(client): Client,
    Path(id): Path<JobId>,
    headers: HeaderMap,
) -> Result<Response> {
    let app = view.app().clone();
    let after = last_line(&headers)?;
    let place = app.extension::<Places>()?.take()?;
    let standing = Standing::new(&app, &caller, client, headers, READ);
    let follower = Follower::begin(app, view.ground().clone(), id, after, standing, place).await?;
    let Some(follower) = follower else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let sse = Sse::new(frames(follower)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("keepalive"));
    Ok(([("cache-control", "no-store"), ("x-accel-buffering", "no")], sse).into_response())
}

fn frames(follower: Follower) -> impl Stream<Item = Result<Frame, Infallible>> + Send {
    let hello = Frame::default().retry(COME_BACK).comment("connected");
    let lines = stream::unfold(follower, |mut follower| async move {
        let line = LineOut::from(follower.next().await?);
        // Numbers and text: there is nothing in a line that JSON could refuse.
        let data = serde_json::to_string(&line).ok()?;
        let frame = Frame::default().id(line.number.to_string()).event(line.kind).data(data);
        Some((frame, follower))
    });
    stream::once(std::future::ready(hello)).chain(lines).map(Ok)
}

fn last_line(headers: &HeaderMap) -> Result<i64, Error> {
    let Some(text) = headers.get("last-event-id") else { return Ok(0) };
    let number = text.to_str().ok().and_then(|text| text.trim().parse().ok());
    number.filter(|number| *number >= 0).ok_or_else(|| {
        Error::malformed("bad_header", "Last-Event-ID must be the number of a line.").at_field(
            "Last-Event-ID",
            "not_a_number",
            "must be the number of a line",
        )
    })
}
