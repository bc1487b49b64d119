//! Opening the stream.

use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use http::{HeaderMap, StatusCode};
use queue::JobId;
use types::Error;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Client, Frame, Path, Proof, Result, Standing, View};

use super::Places;
use super::ops::Follower;
use crate::READ;
use crate::model::LineOut;

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
    let place = app.extension::<Places>()?.take(&caller)?;
    let standing = Standing::begin(&app, &caller, Proof::of_request(client, headers), READ);
    let follower = Follower::begin(app, view.ground().clone(), id, after, standing, place).await?;
    let Some(follower) = follower else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    Ok(web::streamed(frames(follower)))
}

fn frames(follower: Follower) -> impl Stream<Item = Frame> + Send {
    stream::unfold(follower, |mut follower| async move {
        let line = LineOut::from(follower.next().await?);
        // Numbers and text: there is nothing in a line that JSON could refuse.
        let data = serde_json::to_string(&line).ok()?;
        let frame = Frame::default().id(line.number.to_string()).event(line.kind).data(data);
        Some((frame, follower))
    })
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
