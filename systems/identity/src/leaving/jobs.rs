//! The end of accounts whose time is over.

use queue::{Finished, Job, Kind, NewJob, Schedule};
use serde::{Deserialize, Serialize};
use types::{Installation, PersonId, Result};
use web::App;

use super::ops;
use crate::Identity;
use crate::people::{self, Status};

/// There is nothing to say: whose time is over stands with them.
#[derive(Serialize, Deserialize)]
pub(crate) struct Erase {}

pub(crate) static ERASE: Kind<Erase> =
    Kind { queue: "upkeep", concurrency: 1, ..Kind::new("people.erase", |job, _| Box::pin(run(job))) };

pub(crate) const SCHEDULE: Schedule = Schedule {
    name: "people.erase",
    cron: "23 * * * *",
    job: |_| Ok(NewJob::new(&ERASE, &Erase {})?.unique("people.erase")),
};

/// One commit a person. Who cannot go yet, because a workspace would be left alone, is tried again each hour.
async fn run(job: Job) -> Result<Finished> {
    let app = job.context::<App>()?.clone();
    let by = job.installation()?.clone();
    let due = app.db().read(by.clone(), |rx, by| {
        Box::pin(async move {
            let now = rx.now();
            people::store::due(rx, by, now).await
        })
    });
    let mut erased = 0;
    for person in due.await? {
        if job.should_stop() {
            break;
        }
        match erase(&app, &by, person).await {
            Ok(()) => erased += 1,
            Err(error) if error.kind() == types::Kind::Conflict => {
                job.log(format!("{person} stays for now: {}", error.code())).await?;
            }
            Err(error) => return Err(error),
        }
    }
    job.finish_installation(erased, |_, _, erased| {
        Box::pin(async move { Ok(serde_json::json!({ "erased": erased })) })
    })
    .await
}

/// Everything of a person that says who it was. The journal keeps the id beside what they did, and forgets the label.
pub(crate) async fn erase(app: &App, by: &Installation, person: PersonId) -> Result<()> {
    let write = app.db().write((by.clone(), person), |tx, (by, person)| {
        Box::pin(async move {
            let Some(row) = people::store::get(tx, by, *person).await? else { return Ok(()) };
            if row.status == Status::Deleted {
                return Ok(());
            }
            ops::erase(tx, by, &row).await
        })
    });
    write.await?;
    app.extension::<Identity>()?.callers.forget();
    journal::forget_actor(app.db(), by, &person.to_string()).await
}
