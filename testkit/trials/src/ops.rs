//! Making a trial: its row, its event and its job, in one commit or not at all.

use db::Tx;
use journal::NewEvent;
use serde_json::json;
use types::{Error, Result, Scope, faults};

use crate::api::{TrialIn, TrialOut};
use crate::model::{TrialId, TrialRow};
use crate::{jobs, store};

pub(crate) async fn create(tx: &mut Tx, scope: &Scope, asked: &TrialIn) -> Result<TrialOut> {
    let now = tx.now();
    let trial = TrialRow {
        id: TrialId::at(now),
        series: asked.series.clone(),
        number: asked.number,
        text: asked.text.clone(),
        created_at: now,
    };
    store::insert(tx, scope, &trial).await?;
    faults::point("trial.row");
    let event = NewEvent::new("trial.made", trial.id.to_string())
        .with(json!({"series": trial.series, "number": trial.number}));
    journal::append(tx, scope, event).await?;
    faults::point("trial.event");
    if asked.job {
        queue::enqueue(tx, scope, jobs::of(trial.id.to_string())?).await?;
        faults::point("trial.job");
    }
    if asked.refuse {
        return Err(Error::conflict("trial_refused", "It was asked to fail after its work was done."));
    }
    Ok(trial.into())
}
