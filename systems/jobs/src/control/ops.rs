//! Seeing and steering every job there is, of whatever workspace.

use query::{List, Place};
use queue::{JobId, Narrow, Reach};
use serde_json::{Value, json};
use types::{Error, Installation, Kind, Result};
use web::App;

use crate::model::{Around, LineOut, known};
use crate::{api, queues};

/// Lines in one answer.
const LINES: u32 = 50;

fn operator() -> Installation {
    Installation::system("an operator at the machine")
}

/// The newest jobs, without what they left.
pub async fn list(
    app: &App,
    kind: Option<String>,
    state: Option<&str>,
    queue: Option<String>,
) -> Result<Value> {
    let state = state.map(api::state).transpose()?;
    let narrow = Narrow { kind, state, queue, subject: None };
    let place = Place { workspace: None, endpoint: "jobs list", filter: "" };
    let list = List::parse("limit=100", &api::SORT, app.signer(), place)?;
    let args = (Reach::Everywhere(operator()), narrow, list, known(app));
    let page = app.db().read(args, |rx, (reach, narrow, list, known)| {
        Box::pin(async move {
            let around = Around::look(rx, known).await?;
            Ok(queue::page(rx, reach.clone(), narrow, list).await?.map(|job| around.show(job)))
        })
    });
    let page = page.await?.map(|mut job| {
        job.result = None;
        job
    });
    serde_json::to_value(page).map_err(Error::internal)
}

/// A job, and the part of its log after a line.
pub async fn show(app: &App, id: &str, after: i64) -> Result<Value> {
    let args = (Reach::Everywhere(operator()), job_id(id)?, after, known(app));
    let seen = app.db().snapshot(args, |rx, (reach, id, after, known)| {
        Box::pin(async move {
            let job = queue::get(rx, reach.clone(), *id).await?.ok_or_else(Error::not_found)?;
            let lines = queue::lines(rx, reach.clone(), *id, *after, LINES).await?;
            Ok((Around::look(rx, known).await?.show(job), lines))
        })
    });
    let (job, lines) = named(id, seen.await)?;
    let lines: Vec<_> = lines.into_iter().map(LineOut::from).collect();
    Ok(json!({ "job": job, "lines": lines }))
}

pub async fn cancel(app: &App, id: &str) -> Result<Value> {
    let args = (Reach::Everywhere(operator()), job_id(id)?);
    let cancel = app
        .db()
        .write(args, |tx, (reach, id)| Box::pin(async move { queue::cancel(tx, reach.clone(), *id).await }));
    Ok(json!({ "id": id, "state": named(id, cancel.await)?.as_str() }))
}

pub async fn retry(app: &App, id: &str) -> Result<Value> {
    let args = (Reach::Everywhere(operator()), job_id(id)?);
    let retry = app
        .db()
        .write(args, |tx, (reach, id)| Box::pin(async move { queue::retry(tx, reach.clone(), *id).await }));
    named(id, retry.await)?;
    Ok(json!({ "id": id, "state": "queued" }))
}

/// Pauses a queue, or takes from it again. 404 for a name that no queue has.
pub async fn pause(app: &App, name: &str, paused: bool) -> Result<Value> {
    let args = (operator(), name.to_owned(), queues::model::known(app));
    let work = app.db().write(args, move |tx, (by, name, known)| {
        Box::pin(async move {
            let all = queues::model::all(tx, by, known).await?;
            if !all.iter().any(|queue| queue.name == *name) {
                let names: Vec<_> = all.iter().map(|queue| queue.name.as_str()).collect();
                let message = format!("No queue is called {name}. There are {}.", names.join(", "));
                return Err(Error::new(Kind::NotFound, "not_found", message));
            }
            if paused { queue::pause(tx, by, name).await } else { queue::resume(tx, by, name).await }
        })
    });
    work.await?;
    Ok(json!({ "queue": name, "paused": paused }))
}

fn job_id(text: &str) -> Result<JobId> {
    text.parse().map_err(|_| no_job(text))
}

fn no_job(id: &str) -> Error {
    Error::new(
        Kind::NotFound,
        "not_found",
        format!("No job has the id {id}: `mainstay jobs list` has the newest."),
    )
}

/// What was not found is the job.
fn named<T>(id: &str, outcome: Result<T>) -> Result<T> {
    outcome.map_err(|error| if error.kind() == Kind::NotFound { no_job(id) } else { error })
}
