//! The addresses for steering a job.

use queue::{JobId, Reach};
use types::Installation;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Commit, Ground, Path, Reply, Result};

use super::ops::{self, Step, Wish};
use crate::model::{JobOut, known};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(cancel_job))
        .routes(routes!(retry_job))
        .routes(routes!(cancel_installation_job))
        .routes(routes!(retry_installation_job))
}

/// Cancels a job: a queued one at once; a running one is told to stop, and is cancelled when it does.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 200, description = "The job as it is now.", body = JobOut),
        (status = 409, description = "The job has ended.")))]
async fn cancel_job(commit: Commit, state: axum::extract::State<App>, path: Path<JobId>) -> Result<Reply> {
    steer(commit, &state, path.0, Step::Cancel).await
}

/// Gives a job that failed or was cancelled all its attempts anew.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "jobs", operation_id = "retry_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 200, description = "The job as it is now.", body = JobOut),
        (status = 409, description = "The job did not fail and was not cancelled.")))]
async fn retry_job(commit: Commit, state: axum::extract::State<App>, path: Path<JobId>) -> Result<Reply> {
    steer(commit, &state, path.0, Step::Retry).await
}

/// Cancels a job of the installation.
#[utoipa::path(post, path = "/api/v1/installation/jobs/{id}/cancel", tag = "jobs",
    operation_id = "cancel_installation_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 200, description = "The job as it is now.", body = JobOut),
        (status = 409, description = "The job has ended.")))]
async fn cancel_installation_job(
    commit: Commit<Installation>,
    state: axum::extract::State<App>,
    path: Path<JobId>,
) -> Result<Reply> {
    steer(commit, &state, path.0, Step::Cancel).await
}

/// Tries a job of the installation again.
#[utoipa::path(post, path = "/api/v1/installation/jobs/{id}/retry", tag = "jobs",
    operation_id = "retry_installation_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 200, description = "The job as it is now.", body = JobOut),
        (status = 409, description = "The job did not fail and was not cancelled.")))]
async fn retry_installation_job(
    commit: Commit<Installation>,
    state: axum::extract::State<App>,
    path: Path<JobId>,
) -> Result<Reply> {
    steer(commit, &state, path.0, Step::Retry).await
}

/// Steers a job, on whichever ground it stands.
async fn steer<S: Ground>(commit: Commit<S>, app: &App, id: JobId, step: Step) -> Result<Reply>
where
    for<'a> Reach: From<&'a S>,
{
    let wish = Wish { id, step, known: known(app) };
    let work = commit.updated(wish, (), |tx, ground, change| {
        Box::pin(async move { ops::steer(tx, &Reach::from(ground), change).await })
    });
    work.await
}
