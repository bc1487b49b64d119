//! All the SQL of trials.

use db::{Read, Tx, params};
use types::{Result, Scope};

use crate::model::{TrialId, TrialRow};

pub(crate) async fn insert(tx: &mut Tx, scope: &Scope, trial: &TrialRow) -> Result<()> {
    tx.execute(
        "INSERT INTO trials (id, workspace, series, number, says, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![trial.id, scope.workspace(), &trial.series, trial.number, &trial.text, trial.created_at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn effect(tx: &mut Tx, scope: &Scope, trial: &str, job: &str, attempt: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO trial_effects (workspace, trial, job, attempt) VALUES ($1, $2, $3, $4)",
        params![scope.workspace(), trial, job, attempt],
    )
    .await?;
    Ok(())
}

pub(crate) async fn get(rx: &mut Read, scope: &Scope, id: TrialId) -> Result<Option<TrialRow>> {
    let sql = "SELECT id, series, number, says, created_at FROM trials WHERE workspace = $1 AND id = $2";
    let Some(mut row) = rx.row(sql, params![scope.workspace(), id]).await? else { return Ok(None) };
    Ok(Some(TrialRow {
        id: row.take(0)?,
        series: row.take(1)?,
        number: row.take(2)?,
        text: row.take(3)?,
        created_at: row.take(4)?,
    }))
}
