//! Nobody learns of another workspace's jobs.

use std::collections::HashMap;
use std::time::Duration;

use queue::NewJob;
use testkit::matrix::{Fixture, Stranger, try_all};

use crate::house::{JOBS, TOIL, ask, nowhere, says, start};

testkit::on_both! {
    async fn p15_a01_no_stranger_learns_of_a_job(engine: Engine) {
        let app = start(engine).await;
        let owner = app.owner("Hidden").await;
        let later = NewJob::new(&TOIL, &says(&[])).unwrap().after(Duration::from_hours(1));
        let id = ask(&app, &owner.workspace, later).await;
        let of = |start: &str, tail: &str| Fixture::new(format!("{start}/{id}{tail}"), format!("{start}/{}{tail}", nowhere()));
        let (own, all) = (JOBS, "/api/v1/installation/jobs");
        let queue = |verb: &str| Fixture::new(format!("/api/v1/queues/toil/{verb}"), format!("/api/v1/queues/none/{verb}"));
        let fixtures = HashMap::from([
            ("get_job", of(own, "")),
            ("list_job_events", of(own, "/events")),
            ("stream_job_events", of(own, "/events/stream")),
            ("cancel_job", of(own, "/cancel")),
            ("retry_job", of(own, "/retry")),
            ("get_installation_job", of(all, "")),
            ("list_installation_job_events", of(all, "/events")),
            ("cancel_installation_job", of(all, "/cancel")),
            ("retry_installation_job", of(all, "/retry")),
            ("pause_queue", queue("pause")),
            ("resume_queue", queue("resume")),
        ]);
        let other = app.owner("Other").await;
        let strangers = [
            Stranger { name: "anonymous", client: app.anonymous() },
            Stranger { name: "outsider", client: other.client.clone() },
            Stranger { name: "key of another workspace", client: app.key(&other, &["jobs:read", "jobs:write"]).await },
            Stranger { name: "suspended", client: app.suspended("Hidden").await.client },
            Stranger {
                name: "outsider who names the workspace",
                client: other.client.clone().with("x-workspace-id", &owner.workspace),
            },
        ];
        let findings = try_all(&app, &["jobs"], &fixtures, &strangers).await;
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}
