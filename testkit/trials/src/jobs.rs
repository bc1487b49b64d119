//! The job of a trial: tells the outside world, then writes its effect together with its end.

use std::time::Duration;

use queue::{Finished, Job, Kind, NewJob};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use types::{Error, Result, faults};
use web::App;

use crate::settings::TrialsSettings;
use crate::store;

/// What is to be told.
#[derive(Serialize, Deserialize)]
pub(crate) struct Deliver {
    trial: String,
}

pub(crate) static DELIVER: Kind<Deliver> =
    Kind { concurrency: 8, ..Kind::new("trial.deliver", |job, deliver| Box::pin(run(job, deliver))) };

/// One is asked for with each trial that wants it.
pub(crate) fn of(trial: String) -> Result<NewJob> {
    Ok(NewJob::new(&DELIVER, &Deliver { trial: trial.clone() })?.about(trial))
}

async fn run(job: Job, deliver: Deliver) -> Result<Finished> {
    faults::point("job.claimed");
    let settings = job.context::<App>()?.settings().get::<TrialsSettings>();
    // Long enough for a kill to find it at work.
    tokio::time::sleep(Duration::from_millis(5)).await;
    if !settings.sink.is_empty() {
        tell(&settings.sink, &job, &deliver.trial).await?;
    }
    faults::point("job.delivered");
    let id = job.id().to_string();
    let finish = job.finish((deliver.trial, id, job.attempt()), |tx, scope, (trial, job, attempt)| {
        Box::pin(async move {
            store::effect(tx, scope, trial, job, *attempt).await?;
            faults::point("job.effect");
            Ok(())
        })
    });
    let finished = finish.await?;
    faults::point("job.finished");
    Ok(finished)
}

/// A request that carries the id of the job, the same in every attempt.
async fn tell(sink: &str, job: &Job, trial: &str) -> Result<()> {
    let failed = |error: std::io::Error| Error::unavailable("sink", "The sink was not told.").because(error);
    let mut sink = TcpStream::connect(sink).await.map_err(failed)?;
    let asked = format!(
        "POST / HTTP/1.1\r\nhost: sink\r\ndelivery-id: {}\r\nattempt: {}\r\ncontent-length: {}\r\n\r\n{trial}",
        job.id(),
        job.attempt(),
        trial.len()
    );
    sink.write_all(asked.as_bytes()).await.map_err(failed)?;
    let mut answer = [0; 16];
    sink.read_exact(&mut answer).await.map_err(failed)?;
    if answer.starts_with(b"HTTP/1.1 204") {
        return Ok(());
    }
    Err(Error::unavailable("sink", "The sink refused."))
}
