//! The house these tests need, and a system whose jobs they watch.

use std::time::Duration;

use queue::{Finished, Job, JobId, Kind, NewJob};
use serde::{Deserialize, Serialize};
use testkit::{Answer, Client, Engine, TestApp};
use types::{Actor, Id, Installation, Result, Scope, Trace};
use web::System;

pub(crate) const JOBS: &str = "/api/v1/jobs";

/// What a job of these tests is told to do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Toil {
    pub(crate) says: Vec<String>,
}

pub(crate) static TOIL: Kind<Toil> =
    Kind { queue: "toil", ..Kind::new("toil.once", |job, toil| Box::pin(toil_once(job, toil))) };
/// Asked for, and known to nobody.
pub(crate) static FORGOTTEN: Kind<Toil> =
    Kind::new("toil.forgotten", |job, toil| Box::pin(toil_once(job, toil)));

async fn toil_once(job: Job, toil: Toil) -> Result<Finished> {
    let total = toil.says.len() as u64;
    for (done, line) in (1..).zip(&toil.says) {
        job.log(line.clone()).await?;
        job.progress(done, total).await?;
    }
    job.finish((), |_, scope, ()| {
        Box::pin(async move { Ok(serde_json::json!({ "in": scope.workspace().to_string() })) })
    })
    .await
}

pub(crate) async fn start(engine: Engine) -> TestApp {
    let toil = System { name: "toil", jobs: || vec![TOIL.registered()], ..System::EMPTY };
    TestApp::start(engine, vec![identity::system(), activity::system(), jobs::system(), toil]).await
}

pub(crate) fn says(lines: &[&str]) -> Toil {
    Toil { says: lines.iter().map(|line| (*line).to_owned()).collect() }
}

pub(crate) async fn ask(app: &TestApp, workspace: &str, job: NewJob) -> JobId {
    let workspace = workspace.parse().expect("the id of a workspace");
    let scope = Scope::of_request(workspace, Actor::system("a test"), Trace::default());
    let ask =
        app.db().write((scope, job), |tx, (scope, job)| Box::pin(queue::enqueue(tx, scope, job.clone())));
    ask.await.expect("a job")
}

pub(crate) async fn ask_installation(app: &TestApp, job: NewJob) -> JobId {
    let by = Installation::system("a test");
    let ask =
        app.db().write((by, job), |tx, (by, job)| Box::pin(queue::enqueue_installation(tx, by, job.clone())));
    ask.await.expect("a job")
}

pub(crate) async fn post(client: &Client, path: String) -> Answer {
    client.ask(http::Method::POST, path).send().await
}

/// Waits until the job stands like that.
pub(crate) async fn until(client: &Client, path: &str, state: &str) -> Answer {
    for _ in 0..400 {
        let answer = client.get(path).await.expect(200);
        if answer.text("state") == state {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{path} was never {state}");
}

pub(crate) fn nowhere() -> String {
    JobId(Id::from_bytes([9; 16])).to_string()
}
