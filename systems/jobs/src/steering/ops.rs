//! What steering does; the queue keeps the rules and tells the journal.

use db::Tx;
use queue::{JobId, Reach};
use types::{Error, Result};
use web::Change;

use crate::model::{Around, JobOut};

/// 404 without the job, 412 when the caller knows an older one.
pub(super) async fn admit(
    tx: &mut Tx,
    reach: &Reach,
    change: &Change<(JobId, Vec<&'static str>)>,
) -> Result<()> {
    let job = queue::get(tx, reach.clone(), change.id.0).await?.ok_or_else(Error::not_found)?;
    change.admit(job.version)
}

pub(super) async fn cancel(tx: &mut Tx, reach: &Reach, id: JobId, known: &[&'static str]) -> Result<JobOut> {
    queue::cancel(tx, reach.clone(), id).await?;
    now(tx, reach, id, known).await
}

pub(super) async fn retry(tx: &mut Tx, reach: &Reach, id: JobId, known: &[&'static str]) -> Result<JobOut> {
    queue::retry(tx, reach.clone(), id).await?;
    now(tx, reach, id, known).await
}

async fn now(tx: &mut Tx, reach: &Reach, id: JobId, known: &[&'static str]) -> Result<JobOut> {
    let job = queue::get(tx, reach.clone(), id).await?.ok_or_else(Error::not_found)?;
    Ok(Around::look(tx, known).await?.show(job))
}
