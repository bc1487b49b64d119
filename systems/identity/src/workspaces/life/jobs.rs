//! Forgetting workspaces whose grace is over: each system removes its own, a small commit at a time.

use std::time::Duration;

use queue::{Finished, Job, Kind, NewJob, Schedule};
use serde::{Deserialize, Serialize};
use serde_json::json;
use types::{Installation, Result, Scope, WorkspaceId};
use web::App;

use super::store;
use crate::workspaces::members;
use crate::{Identity, events};

/// Rows that one commit removes, and workspaces that one look finds.
const BATCH: i64 = 500;
const AT_ONCE: i64 = 20;

/// There is nothing to say: what is due is in the table.
#[derive(Serialize, Deserialize)]
pub(crate) struct Forget {}

pub(crate) static FORGET: Kind<Forget> = Kind {
    queue: "upkeep",
    concurrency: 1,
    timeout: Duration::from_hours(2),
    ..Kind::new("workspace.forget", |job, _| Box::pin(forget(job)))
};

pub(crate) const SCHEDULE: Schedule = Schedule {
    name: "workspace.forget",
    cron: "41 * * * *",
    job: |_| Ok(NewJob::new(&FORGET, &Forget {})?.unique("workspace.forget")),
};

async fn forget(job: Job) -> Result<Finished> {
    let app = job.context::<App>()?.clone();
    let by = job.installation()?.clone();
    let mut forgotten = 0;
    while !job.should_stop() {
        let due = app
            .db()
            .read(by.clone(), |rx, by| Box::pin(async move { store::due(rx, by, rx.now(), AT_ONCE).await }));
        let due = due.await?;
        let mut went = 0;
        for workspace in due {
            if job.should_stop() || !empty(&app, &job, workspace).await? {
                continue;
            }
            went += u64::from(end(&app, &by, workspace).await?);
        }
        forgotten += went;
        if went == 0 {
            break;
        }
    }
    job.finish_installation(forgotten, |_, _, forgotten| {
        Box::pin(async move { Ok(json!({ "forgotten": forgotten })) })
    })
    .await
}

/// Has every system remove what it has, identity last. `false` when there was no time for all of it. Each commit asks again
/// whether the workspace is to be forgotten at all: a clock may have been ahead when this began.
async fn empty(app: &App, job: &Job, workspace: WorkspaceId) -> Result<bool> {
    let scope = Scope::system(workspace, "a deleted workspace is forgotten");
    let own: web::Forget = |tx, scope, most| Box::pin(own(tx, scope, most));
    for forget in web::forgetters(app.systems()).into_iter().chain([own]) {
        loop {
            if job.should_stop() {
                return Ok(false);
            }
            let removed = app.db().write((scope.clone(), forget), |tx, (scope, forget)| {
                Box::pin(async move {
                    let now = tx.now();
                    if !store::is_due(tx, scope, now).await? {
                        return Ok(None);
                    }
                    forget(tx, scope, BATCH).await.map(Some)
                })
            });
            match removed.await? {
                None => return Ok(false),
                Some(0) => break,
                Some(_) => {}
            }
        }
    }
    Ok(true)
}

/// What identity keeps of the workspace but its roles and its row.
async fn own(tx: &mut db::Tx, scope: &Scope, most: i64) -> Result<u64> {
    let removed = store::forget(tx, scope, most).await?;
    if removed > 0 {
        return Ok(removed);
    }
    let some = members::store::some(tx, scope, most).await?;
    for person in &some {
        // Each goes home to where they belong besides.
        members::store::remove(tx, scope, *person).await?;
    }
    Ok(some.len() as u64)
}

/// The row itself. `false` when it is not to be forgotten any more.
async fn end(app: &App, by: &Installation, workspace: WorkspaceId) -> Result<bool> {
    let scope = Scope::system(workspace, "a deleted workspace is forgotten");
    let ended = app.db().write((by.clone(), scope), |tx, (by, scope)| {
        Box::pin(async move {
            let now = tx.now();
            if !store::is_due(tx, scope, now).await? {
                return Ok(false);
            }
            queue::hold(tx, scope, false).await?;
            store::end(tx, scope).await?;
            let subject = scope.workspace().to_string();
            events::in_installation(tx, by, events::WORKSPACE_FORGOTTEN, subject, json!({})).await?;
            Ok(true)
        })
    });
    let ended = ended.await?;
    app.extension::<Identity>()?.callers.forget();
    Ok(ended)
}
