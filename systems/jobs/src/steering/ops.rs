//! What steering does; the queue keeps the rules and tells the journal.

use db::Tx;
use queue::{JobId, Reach};
use types::{Error, Result};
use web::Change;

use crate::model::{Around, JobOut};

#[derive(Clone, Copy)]
pub(super) enum Step {
    Cancel,
    Retry,
}

/// What shall become of which job, and the kinds that this version knows.
pub(super) struct Wish {
    pub(super) id: JobId,
    pub(super) step: Step,
    pub(super) known: Vec<&'static str>,
}

/// 404 without the job, 412 when the caller knows an older one.
pub(super) async fn steer(tx: &mut Tx, reach: &Reach, change: &Change<Wish>) -> Result<JobOut> {
    let Wish { id, step, known } = &change.id;
    let job = queue::get(tx, reach.clone(), *id).await?.ok_or_else(Error::not_found)?;
    change.admit(job.version)?;
    match step {
        Step::Cancel => drop(queue::cancel(tx, reach.clone(), *id).await?),
        Step::Retry => queue::retry(tx, reach.clone(), *id).await?,
    }
    let job = queue::get(tx, reach.clone(), *id).await?.ok_or_else(Error::not_found)?;
    Ok(Around::look(tx, known).await?.show(job))
}
